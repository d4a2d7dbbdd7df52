autocmd BufRead,BufNewFile *.adj setfiletype adjoin
