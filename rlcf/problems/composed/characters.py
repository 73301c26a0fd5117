"""Atoms that take or give a char."""

from __future__ import annotations

from rlcf.problems.atomic.atoms import FLAG, INT, INTS, TEXT, Atom, table

CHAR = "char"

CHARACTERS: tuple[Atom, ...] = (
    *table(
        TEXT,
        CHAR,
        r"""
take the first character or a space / take the head or a space
    $x.isEmpty() ? ' ' : $x.charAt(0)
take the last character or a space / take the tail end or a space
    $x.isEmpty() ? ' ' : $x.charAt($x.length() - 1)
take the middle character or a space / take the character halfway or a space
    $x.isEmpty() ? ' ' : $x.charAt($x.length() / 2)
take the character at place $k or a space / take the character of index $k or a space
    $x.length() > $k ? $x.charAt($k) : ' '
take the largest character or a space / find the maximum character or a space
    (char) $x.chars().max().orElse(' ')
""",
    ),
    *table(
        CHAR,
        CHAR,
        r"""
make the character upper case / turn it into a capital
    Character.toUpperCase($x)
make the character lower case / turn it into a small letter
    Character.toLowerCase($x)
swap its case / turn capitals small and small letters into capitals
    Character.isUpperCase($x) ? Character.toLowerCase($x) : Character.toUpperCase($x)
take the next character / move it one character on
    (char) ($x + 1)
replace a digit by a hash sign / put # for a digit
    Character.isDigit($x) ? '#' : $x
""",
    ),
    *table(
        CHAR,
        INT,
        r"""
take its character code / turn it into its code
    (int) $x
take its digit value or 0 / read it as a digit or 0
    Character.isDigit($x) ? $x - '0' : 0
take its alphabet place or 0 / number it as a letter from 1, else 0
    Character.isLetter($x) ? Character.toLowerCase($x) - 'a' + 1 : 0
""",
    ),
    *table(
        CHAR,
        FLAG,
        r"""
check if it is a vowel / is the character a vowel
    "aeiouAEIOU".indexOf($x) >= 0
check if it is a letter / is the character a letter
    Character.isLetter($x)
check if it is a digit / is the character a digit
    Character.isDigit($x)
check if it is a capital / is the character in upper case
    Character.isUpperCase($x)
""",
    ),
    *table(
        CHAR,
        TEXT,
        r"""
write the character $k times / repeat the character $k times
    String.valueOf($x).repeat($k)
put the character in quotes / wrap the character in quotes
    "'" + $x + "'"
say letter or other / name it letter or other
    Character.isLetter($x) ? "letter" : "other"
""",
    ),
    *table(
        CHAR,
        INTS,
        r"""
list the codes of it and the next character / pair its code with the next
    new int[] {$x, $x + 1}
""",
    ),
    *table(
        INT,
        CHAR,
        r"""
take the letter of that number / turn it into a letter from a on
    (char) ('a' + Math.floorMod($x, 26))
write its last digit as a character / turn its units digit into a character
    (char) ('0' + Math.abs($x % 10))
""",
    ),
    *table(
        FLAG,
        CHAR,
        r"""
say y or n / answer y or n
    $x ? 'y' : 'n'
""",
    ),
)
