-- A mark or a note that was made at a hub. ARGV: an id for the feed where there is none, events (one). Answers its number.
append(begin(ARGV[1]), '', '', 1, 'e', ARGV[2], '')
return text(number('n'))
