" Vim syntax file for Adjoin models (*.adj).
if exists('b:current_syntax')
  finish
endif

" The words of the language, as `adjoin help words` lists them; a test compares.
let s:statements = 'data def dim freeze index let maximize minimize model output param var'
let s:expressions = 'and else if in net not or then'
let s:reductions = 'all any logsumexp max mean min prod sum'
let s:searches = 'argmax argmin root'
let s:functions = 'abs acos acosh all any asin asinh atan atan2 atanh bce_with_logits cbrt ceil clamp concat cos cosh cross_entropy cumsum diag digamma dot erf erfc erfinv exp exp2 expm1 eye floor fma gelu huber hypot lgamma linspace log log10 log1p log2 log_softmax logsumexp max mean min mod mse norm ones outer pow prod range real relu reshape round sigmoid sign silu sin sinh softmax softplus sqrt stack stop_gradient sum tan tanh tgamma trace transpose trunc where zeros'
let s:constants = 'inf nan pi'

function! s:any_of(words) abort
  return '\%(' . join(split(a:words), '\|') . '\)'
endfunction

" A dotted name is one name.
syntax iskeyword @,48-57,_,.
syntax case match

" These words are keywords only where a statement, or a line of a block, begins; others before their bracket.
execute 'syntax match adjoinStatement /\%(^\|[;{]\)\s*\zs' . s:any_of(s:statements) . '\>/'
execute 'syntax match adjoinReduction /\<' . s:any_of(s:reductions) . '\>\ze\[/'
execute 'syntax match adjoinReduction /\<' . s:any_of(s:searches) . '\>\ze\[/'
execute 'syntax match adjoinFunction /\<' . s:any_of(s:functions) . '\>\ze\s*(/'
execute 'syntax keyword adjoinKeyword ' . s:expressions
execute 'syntax keyword adjoinConstant ' . s:constants
syntax match adjoinNumber /\<\%(\d\+\%(\.\d*\)\?\|\.\d\+\)\%([eE][+-]\?\d\+\)\?/
syntax match adjoinOperator /[-+*\/%^@<>=!']/
syntax match adjoinComment /#.*/ contains=@Spell

highlight default link adjoinStatement Statement
highlight default link adjoinKeyword Keyword
highlight default link adjoinReduction Repeat
highlight default link adjoinFunction Function
highlight default link adjoinConstant Constant
highlight default link adjoinNumber Number
highlight default link adjoinOperator Operator
highlight default link adjoinComment Comment

let b:current_syntax = 'adjoin'
