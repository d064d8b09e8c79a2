"""Random scripts of bash, built of pieces whose meaning is known: each says what its calls of `argv` are given.

Nothing here looks at a script: a word is made together with the text that bash must make of it, so what comes out is an
oracle that shares no line with the compiler.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import NamedTuple

Plain = str | int | None | list[str]

HOSTILE = (
    "",
    " ",
    "a b",
    "  lead and trail ",
    "plain",
    "-n",
    "--",
    "-e",
    "*",
    "?",
    "~",
    "~root",
    "{a,b}",
    "!",
    "!!",
    "#",
    "# x",
    "it's",
    "'",
    "''",
    '"',
    '""',
    "\\",
    "\\\\",
    "\\'",
    '\\"',
    "a\\",
    "`",
    "$",
    "$$",
    "$HOME",
    "${HOME}",
    "$'x'",
    "%s%n",
    "&",
    ";",
    "|",
    "<",
    ">",
    "(",
    ")",
    "((",
    "))",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "a=b",
    "PATH=/nowhere",
    "if",
    "done",
    "esac",
    "2",
    "\n",
    "a\n",
    "\na",
    "a\nb",
    "\t",
    "a\tb",
    "\r",
    "a\r\nb",
    "é ü 漢字 \U0001f600",
    "\u2028",
    "\ufeff",
    "\x01\x7f\x1b[31m",
    "$(touch PWNED)",
    "`touch PWNED`",
    "; touch PWNED",
    "| touch PWNED",
    "& touch PWNED &",
    "\ntouch PWNED\n",
    "'; touch PWNED; '",
    '"; touch PWNED; "',
    "'\"; touch PWNED; \"'",
    "'$(touch PWNED)'",
    '"$(touch PWNED)"',
    "\"'$(touch PWNED)",
    "'\"`touch PWNED`",
    "\\$(touch PWNED)",
    "\\`touch PWNED\\`",
    "${x:-$(touch PWNED)}",
    "a[$(touch PWNED)]",
    "a[`touch PWNED`]",
    "x=a[$(touch PWNED)]",
    "$((a[$(touch PWNED)]))",
    "}; touch PWNED; {",
    "); touch PWNED; (",
    "))\ntouch PWNED",
    "E\n$(touch PWNED)\n",
    "\nE\ntouch PWNED\n",
    "\n---\ntouch PWNED",
    "\nEOF\ntouch PWNED",
    "\n\ntouch PWNED",
    "*/;touch PWNED",
    "esac; touch PWNED",
    ";; *) touch PWNED",
    "@(a|b)",
    "<(touch PWNED)",
    ">PWNED",
    "<<E",
    "$[a[$(touch PWNED)]]",
    "\\\ntouch PWNED",
)
"""What values may be. Whoever runs one of them leaves the file PWNED behind."""


class Piece(NamedTuple):
    """A text of a script, and what bash makes of it."""

    text: str
    means: str


class Statement(NamedTuple):
    """Lines of a script, and the arguments of each call of `argv`."""

    text: str
    calls: list[list[str]]


class Generated(NamedTuple):
    """A script, the values of its parameters, and the arguments of each call of `argv`."""

    script: str
    values: dict[str, Plain]
    calls: list[list[str]]


_ODD = "abcXYZ019.,:/@%+-_^"
_SIGNS = "'\"\\`$#;&|()<>*?[]{}!~= \t"
_IN_SINGLE = _ODD + '"\\`$#;&|()<>*?[]{}!~= \n'
_SNIPPETS = ("$(touch PWNED)", "<<E", "<<'---'", "# no comment", "`x`", "${x", "a)", "esac", "((", "$'", '"')
_HEAD = "V1='known value' V2=\"it's\" V3=x\n"
_DELIMITERS = (
    ("E", "E", False),
    ("EOF", "EOF", False),
    ("E$V", "E$V", False),
    ("a.b", "a.b", False),
    ("'---'", "---", True),
    ("'!'", "!", True),
    ("''", "", True),
    ('""', "", True),
    ('"A B"', "A B", True),
    ("E\\ F", "E F", True),
    ("\\E", "E", True),
    ('E"O"F', "EOF", True),
    ("'it'", "it", True),
    ("$'E'", "E", True),
    ("'#'", "#", True),
    ("'E)'", "E)", True),
    ("'\"'", '"', True),
)


class Generator:
    """Makes scripts; `quick` ones have no more than a few statements."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._values: dict[str, Plain] = {}
        self._files = 0

    def script(self) -> Generated:
        """A script."""
        while True:
            self._values, self._files = {}, 0
            statements = [self._statement(0) for _ in range(self._random.randint(1, 5))]
            text = _HEAD + "".join(s.text for s in statements)
            if "$\ue000" not in text:  # `$${` writes a literal `${`: there is no way to say this.
                break
        script = text.replace("${", "$${").replace("\ue000", "${params.").replace("\ue001", "}")
        return Generated(script, self._values, [call for s in statements for call in s.calls])

    # --- Values ---------------------------------------------------------------------------------------------------

    def _chance(self, part: float) -> bool:
        return self._random.random() < part

    def _value(self, kind: str, value: Plain) -> str:
        """The name under which a value stands in a script; often that of one which is there already."""
        known = [n for n, v in self._values.items() if n.startswith(kind) and v == value]
        name = known[0] if known else f"{kind}{len(self._values)}"
        self._values[name] = value
        return f"\ue000{name}\ue001"

    def _text(self) -> Piece:
        value = self._random.choice(HOSTILE)
        return Piece(self._value("x", value), value)

    def _number(self) -> Piece:
        value = self._random.choice((0, 1, 5, 42, -3, 10**12))
        return Piece(self._value("n", value), str(value))

    def _optional(self) -> Piece:
        """In quotes, where what is absent is an empty text."""
        value = self._random.choice((None, *HOSTILE))
        return Piece(self._value("o", value), value or "")

    def _quoted_value(self) -> Piece:
        return self._random.choice((self._text, self._text, self._text, self._number, self._optional))()

    # --- Words ----------------------------------------------------------------------------------------------------

    def _signs(self, alphabet: str, most: int = 6) -> str:
        return "".join(self._random.choice(alphabet) for _ in range(self._random.randint(0, most)))

    def _joined(self, makers: list[Callable[[], Piece]], most: int = 4) -> Piece:
        pieces = [self._random.choice(makers)() for _ in range(self._random.randint(0, most))]
        return Piece("".join(p.text for p in pieces), "".join(p.means for p in pieces))

    def _single(self) -> Piece:
        def text() -> Piece:
            found = self._random.choice((self._signs(_IN_SINGLE), *_SNIPPETS)).replace("'", "")
            return Piece(found, found)

        inner = self._joined([text, text, self._quoted_value])
        return Piece(f"'{inner.text}'", inner.means)

    def _ansi(self) -> Piece:
        texts = [
            ("a b", "a b"),
            ("\\t", "\t"),
            ("\\'", "'"),
            ('"', '"'),
            ("\\\\", "\\"),
            ("\\x41", "A"),
            ("$(#", "$(#"),
        ]

        def text() -> Piece:
            return Piece(*self._random.choice(texts))

        inner = self._joined([text, text, self._quoted_value])
        return Piece(f"$'{inner.text}'", inner.means)

    def _double(self, depth: int = 0) -> Piece:
        def text() -> Piece:
            found = self._random.choice(
                (self._signs(_ODD + "'#;&|()<>*?[]{}~= \n"), "it's", "# x", "<<E", "a)", "{a,b}")
            )
            return Piece(found, found)

        def escaped() -> Piece:
            sign = self._random.choice('$`"\\')
            return self._random.choice(
                (Piece(f"\\{sign}", sign), Piece("\\'", "\\'"), Piece("\\\n", ""), Piece("\\a", "\\a"))
            )

        def variable() -> Piece:
            return Piece(*self._random.choice((("$V1", "known value"), ("$V2", "it's"), ("$#", "0"))))

        makers: list[Callable[[], Piece]] = [text, escaped, variable, self._quoted_value, self._quoted_value]
        if depth < 3:
            makers += [lambda: self._substitution(depth + 1), lambda: self._expansion(depth + 1), self._backticks]
            makers += [self._computed]
        inner = self._joined(makers)
        # A variable's name must not go on in the text after it.
        return Piece(f'"{inner.text}"', inner.means) if not self._runs_on(inner.text) else self._double(depth)

    @staticmethod
    def _runs_on(text: str) -> bool:
        return re.search(r"\$V[12](?:\\\n)*(?=\w)", text) is not None

    def _substitution(self, depth: int) -> Piece:
        """The output of a command, in double quotes; its last line ends are dropped."""
        word = self._word(depth + 1)
        text, means = self._random.choice(
            (
                (f"$(printf %s {word.text})", word.means),
                (f"$( printf '%s' {word.text} # it's a comment )\n)", word.means),
                (f"$(case x in x) printf %s {word.text};; esac)", word.means),
                (f"$(case x in (a|b) ;; (x) printf %s {word.text} ;; esac)", word.means),
                (f"$(cd . && (printf %s {word.text}))", word.means),
                (f"$(printf '%s\\n' a\\) {word.text})", f"a)\n{word.means}\n"),
                (f"$((printf %s {word.text}) | cat)", word.means),
                (f"$(cat <<< {word.text})", f"{word.means}\n"),
                (f"$(: $(( (1 + 2) * ${{#V1}} )); printf %s {word.text})", word.means),
            )
        )
        return Piece(text, means.rstrip("\n"))

    def _backticks(self) -> Piece:
        value = self._text()
        number = self._number()
        text, means = self._random.choice(
            (
                (f"`printf %s {value.text}`", value.means),
                (f"`printf '%s' a'b\"c'{value.text} # it's`", f'ab"c{value.means}'),
                (f"`printf %s \\`printf %s {number.text}\\``", number.means),
                (f"`cat <<< {value.text}`", f"{value.means}\n"),
            )
        )
        return Piece(text, means.rstrip("\n"))

    def _expansion(self, depth: int) -> Piece:
        """An expansion in double quotes."""
        inner = self._quoted_value()
        double = self._double(depth + 1)
        return self._random.choice(
            (
                Piece("${NOT:-%s}" % inner.text, inner.means),
                Piece("${NOT:-a b %s}" % inner.text, f"a b {inner.means}"),
                Piece("${V1:+%s}" % inner.text, inner.means),
                Piece("${V1#known }", "value"),
                Piece("${V1#'known '}", "value"),
                Piece('${V1%"lue"}', "known va"),
                Piece("${#V1}", "11"),
                Piece("${V1:0:2}", "kn"),
                Piece("${V3/x/y}", "y"),
                Piece("${NOT:-%s}" % double.text, double.means)
                if not {'"', "\\", "{"} & {*double.text[1:-1]}
                else Piece("", ""),
            )
        )

    def _computed(self) -> Piece:
        number = self._number()
        return self._random.choice(
            (
                Piece(f"$(( {number.text} + 1 ))", str(int(number.means) + 1)),
                Piece(f"$((({number.text})*2))", str(int(number.means) * 2)),
                Piece("$(( 1 << 2 ))", "4"),
                Piece("$(( 16#ff ))", "255"),
                Piece("$[ 1 + 1 ]", "2"),
            )
        )

    def _word(self, depth: int = 0) -> Piece:
        """One word outside of quotes."""

        def literal() -> Piece:
            found = self._random.choice("abcXYZ019.,:/%+_") + self._signs(_ODD + "#", 4)
            return Piece(found, found)

        def escaped() -> Piece:
            sign = self._random.choice(_SIGNS)
            return Piece(f"\\{sign}", sign)

        def locale() -> Piece:
            inner = self._double(3)
            return Piece(f"${inner.text}", inner.means)

        def variable() -> Piece:
            return Piece("${V3}", "x")

        def continued() -> Piece:
            return Piece("\\\n", "")

        def double() -> Piece:
            return self._double(depth)

        makers = [literal, escaped, locale, variable, self._single, self._ansi, self._text, self._text, self._number]
        makers += [double, double, self._computed]
        first = self._random.choice(makers)()
        rest = self._joined([*makers, continued], 3)
        return Piece(first.text + rest.text, first.means + rest.means)

    def _words(self, depth: int, most: int = 3) -> tuple[str, list[str]]:
        """Some words with blanks between them, among them lists."""
        texts: list[str] = []
        means: list[str] = []
        for _ in range(self._random.randint(1, most)):
            if self._chance(0.15):
                items = [self._random.choice(HOSTILE) for _ in range(self._random.randint(0, 3))]
                text = self._value("l", items)
                texts.append(text)
                means += items
            elif self._chance(0.1):
                value = self._random.choice((None, *HOSTILE))
                texts.append(self._value("o", value))
                means += [] if value is None else [value]
            elif self._chance(0.1):
                items = [self._random.choice(HOSTILE) for _ in range(self._random.randint(1, 3))]
                texts.append(f'"a {self._value("l", items)}b"')
                marked = [*items]
                marked[0] = f"a {marked[0]}"
                marked[-1] += "b"
                means += marked
            else:
                word = self._word(depth)
                texts.append(word.text)
                means.append(word.means)
        blank = self._random.choice((" ", " ", "\t", " \\\n ", "  "))
        return blank.join(texts), means

    # --- Statements -----------------------------------------------------------------------------------------------

    def _statement(self, depth: int) -> Statement:
        simple = [self._call, self._call, self._comment, self._assignment, self._array, self._document, self._document,
                  self._documents, self._test, self._string]  # fmt: skip
        if depth >= 2 or self._chance(0.6):
            return self._random.choice(simple)(depth)
        compound = [self._case, self._if, self._for, self._function, self._grouped, self._counted, self._piped]
        return self._random.choice(compound)(depth)

    def _tail(self) -> str:
        return self._random.choice(("", "", "", " # it's", ";", ';# "', " 2>&1", " # `(", "; : # $(", "%s"))

    def _call(self, depth: int) -> Statement:
        text, means = self._words(depth)
        tail = self._tail()
        if "%s" in tail:
            tail = f" # {self._text().text} it's"
        return Statement(f"argv {text}{tail}\n", [means])

    def _comment(self, depth: int) -> Statement:
        value = self._text()
        return Statement(f": # it's \"a comment {value.text} `( $(( ${{x <<E\n", [])

    def _assignment(self, depth: int) -> Statement:
        word = self._word(depth)
        text = self._random.choice(
            (
                f'X={word.text}; argv "$X"\n',
                f'local_x={word.text}\nargv "$local_x"\n',
                f'export X={word.text} ; argv "$X"\n',
                f'X=\nX+={word.text}\nargv "$X"\n',
                f'declare Y=a X={word.text}; argv "$X"\nunset -v X\n',
            )
        )
        return Statement(text, [[word.means]])

    def _array(self, depth: int) -> Statement:
        text, means = self._words(depth)
        other = self._word(depth)
        return self._random.choice(
            (
                Statement(f"A=({text})\n" + 'argv ${A[@]+"${A[@]}"} x\n', [[*means, "x"]]),
                Statement(
                    f"A=( # it's )\n  {text} # \")\n  {other.text}\n)\n" + 'argv "${A[@]}"\n', [[*means, other.means]]
                ),
                Statement(f"A=([2]={other.text})\n" + 'argv "${!A[@]}" "${A[2]}"\n', [["2", other.means]]),
            )
        )

    def _file(self) -> int:
        self._files += 1
        return self._files

    def _body(self, delimiter: str, verbatim: bool) -> Piece:
        """Lines of a here-document."""
        texts: list[str] = []
        means: list[str] = []
        for _ in range(self._random.randint(0, 4)):
            if verbatim:
                line = self._random.choice(
                    (
                        "it's",
                        'a "b',
                        "$(touch PWNED)",
                        "`touch PWNED`",
                        "# x",
                        "a \\",
                        "((",
                        "<<E",
                        "",
                        f"{delimiter} ",
                        f" {delimiter}",
                        "'",
                    )
                )
                if self._chance(0.3):
                    number = self._number()
                    texts.append(f"{line} {number.text}")
                    means.append(f"{line} {number.means}")
                    continue
                found = Piece(line, line)
            else:
                value = self._quoted_value()
                word = self._word(3) if self._chance(0.3) else None
                found = self._random.choice(
                    (
                        Piece(f"it's {value.text}", f"it's {value.means}"),
                        Piece(f'"{value.text}"', f'"{value.means}"'),
                        Piece("\\$x \\` \\\\ \\a", "$x ` \\ \\a"),
                        Piece("# it's $V1", "# it's known value"),
                        Piece("a \\\nb", "a b"),
                        Piece(f"{value.text}{value.text}", value.means * 2),
                        Piece("E ", "E "),
                        Piece(f"x$(printf %s {word.text})y", f"x{word.means.rstrip(chr(10))}y")
                        if word
                        else Piece("${V3}) }", "x) }"),
                        Piece("${NOT:-%s}" % value.text, value.means),
                        self._computed(),
                    )
                )
            if delimiter in found.text.split("\n"):
                continue
            texts.append(found.text)
            means.append(found.means)
        return Piece("".join(f"{t}\n" for t in texts), "".join(f"{m}\n" for m in means))

    def _delimited(self) -> tuple[str, str, Piece]:
        written, delimiter, verbatim = self._random.choice(_DELIMITERS)
        body = self._body(delimiter, verbatim)
        if delimiter == "":
            body = Piece(
                "".join(f"{x}\n" for x in body.text.split("\n") if x),
                "".join(f"{x}\n" for x in body.means.split("\n") if x),
            )
        return written, delimiter, body

    def _document(self, depth: int) -> Statement:
        written, delimiter, body = self._delimited()
        number = self._file()
        tail = self._random.choice(("", " # it's", " 2>&1"))
        text = self._random.choice(
            (
                f'cat <<{written} > f{number}{tail}\n{body.text}{delimiter}\nargv "$(cat f{number})"\n',
                f'cat > f{number} << {written}{tail}\n{body.text}{delimiter}\nargv "$(cat f{number})"\n',
                # Bash reads what stands in `$(…)` twice, and takes an empty delimiter without its quotes then.
                f'argv "$(cat <<{written}\n{body.text}{delimiter}\n)"\n' if delimiter else "",
                (
                    f"if true; then cat <<{written} | cat > f{number}\n{body.text}{delimiter}\nfi\n"
                    f'argv "$(cat f{number})" # \'\n'
                ),
            )
        )
        return Statement(text, [[body.means.rstrip("\n")]]) if text else self._call(depth)

    def _documents(self, depth: int) -> Statement:
        """Two here-documents of one line; and one whose lines begin with tabs."""
        one, first, body = self._delimited()
        two, second, other = self._delimited()
        number = self._file()
        if self._chance(0.4):
            return (
                Statement(
                    f"cat <<-{one} > f{number}\n"
                    + "".join(f"\t{x}\n" for x in body.text.split("\n")[:-1])
                    + f"\t\t{first}\n"
                    f'argv "$(cat f{number})"\n',
                    [[body.means.rstrip("\n")]],
                )
                if "\\\n" not in body.text and "\n\n" not in body.text and first != ""
                else self._call(depth)
            )
        text = f"cat - /dev/fd/3 <<{one} 3<<{two} > f{number} # it's\n{body.text}{first}\n{other.text}{second}\n"
        return Statement(f'{text}argv "$(cat f{number})"\n', [[(body.means + other.means).rstrip("\n")]])

    def _string(self, depth: int) -> Statement:
        word = self._word(depth)
        return Statement(f'argv "$(cat <<< {word.text})"\n', [[f"{word.means}\n".rstrip("\n")]])

    def _test(self, depth: int) -> Statement:
        value, word = self._text(), self._word(depth)
        number = self._number()
        text = self._random.choice(
            (
                f"[[ {value.text} == {value.text} ]] && argv {word.text}\n",
                f"if [[ a{value.text} = a{value.text} && ( x =~ ^(a|x) ) ]]; then argv {word.text}; fi\n",
                f"[ {value.text} = {value.text} ] && argv {word.text}\n",
                f"(( {number.text} > -100 )) && argv {word.text}\n",
                f"if (( ({number.text}) != 77 )); then argv {word.text}; fi # ))'\n",
                f'test -n "x{value.text}" && argv {word.text}\n',
            )
        )
        return Statement(text, [[word.means]])

    def _case(self, depth: int) -> Statement:
        subject, word = self._word(depth), self._word(depth)
        pattern = self._random.choice(("nope)", "(nope|pe)", "'a)')", '"b)" | c\\))', "x#\\'y)"))
        inner = self._statement(depth + 1)
        return Statement(
            f"case {subject.text}no{self._chance(0.5) * ' # it'} in\n".replace(" # it in", " in")
            + f"  {pattern} argv no ;;\n"
            f"  *) # it's\n{inner.text}argv {word.text}\n  ;;\nesac\n",
            [*inner.calls, [word.means]],
        )

    def _if(self, depth: int) -> Statement:
        inner, other = self._statement(depth + 1), self._statement(depth + 1)
        return self._random.choice(
            (
                Statement(f"if true; then\n{inner.text}else\n{other.text}fi\n", inner.calls),
                Statement(f"if ! true; then :\nelif false; then\n{other.text}else # '\n{inner.text}fi\n", inner.calls),
                Statement(f"until true; do\n{other.text}done\n{inner.text}", inner.calls),
                Statement(f"while :; do\n{inner.text}break; done\n", inner.calls),
            )
        )

    def _for(self, depth: int) -> Statement:
        text, means = self._words(depth)
        word = self._word(depth)
        return Statement(f'for i in {text}; do argv "$i" {word.text}; done\n', [[m, word.means] for m in means])

    def _counted(self, depth: int) -> Statement:
        word = self._word(depth)
        return Statement(
            f"for ((i = 0; i < 2; i++)); do argv $i {word.text}; done\n", [[str(i), word.means] for i in range(2)]
        )

    def _function(self, depth: int) -> Statement:
        inner = self._statement(depth + 1)
        name = f"fun{self._file()}"
        head = self._random.choice((f"{name}() {{", f"function {name} {{", f"{name} ( ) {{ # it's"))
        return Statement(f"{head}\n{inner.text}}}\n{name}\n", inner.calls)

    def _grouped(self, depth: int) -> Statement:
        inner = self._statement(depth + 1)
        return self._random.choice(
            (
                Statement(f"{{ # it's\n{inner.text}}}\n", inner.calls),
                Statement(f"(\n{inner.text})\n", inner.calls),
                Statement(f"((1)) && ( ( :\n{inner.text}) )\n", inner.calls),
                Statement(f"! ( false ) && (\n{inner.text})\n", inner.calls),
            )
        )

    def _piped(self, depth: int) -> Statement:
        text, means = self._words(depth)
        return self._random.choice(
            (
                Statement(f"true | argv {text} | cat\n", [means]),
                Statement(f"true |\n  argv {text}\n", [means]),
                Statement(f"false || argv {text}\n", [means]),
                Statement(f"argv {text} > f{self._file()} &&\n\n # it's\n true\n", [means]),
                Statement(f"time argv {text}\n", [means]),
            )
        )
