" Adjoin models: comments, and `:make`, which compiles the model and lists its errors.
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1
setlocal comments=:# commentstring=#\ %s
compiler adjoin
let b:undo_ftplugin = 'setlocal comments< commentstring< makeprg< errorformat<'
