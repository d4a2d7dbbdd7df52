" `:make` for Adjoin models. What the compiler writes on standard output, the header, is left out.
if exists('current_compiler')
  finish
endif
let current_compiler = 'adjoin'
CompilerSet makeprg=adjoin\ emit\ %:S
CompilerSet errorformat=%f:%l:%c:\ %trror:\ %m,%f:%l:%c:\ %tarning:\ %m,%f:%l:%c:\ %tote:\ %m,%f:\ %trror:\ %m,%-G%.%#
