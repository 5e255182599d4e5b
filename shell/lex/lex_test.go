package lex

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestSplit_Words(t *testing.T) {
	tests := []struct {
		src  string
		want []string // a quoted word is written with a leading "
	}{
		{``, nil},
		{"  \t ", nil},
		{`ls /`, []string{`ls`, `/`}},
		{"\tls\t /  ", []string{`ls`, `/`}},
		// Quotes.
		{`set /a "a b"`, []string{`set`, `/a`, `"a b`}},
		{`set /a 'a b'`, []string{`set`, `/a`, `"a b`}},
		{`set /a ""`, []string{`set`, `/a`, `"`}},
		{`set /a '' ""`, []string{`set`, `/a`, `"`, `"`}},
		{`set /a "a b"c'd e'$'f\tg'`, []string{`set`, `/a`, "\"a bcd ef\tg"}},
		{`'it'\''s'`, []string{`"it's`}},
		{`"a":"b c"`, []string{`"a:b c`}},
		// Quotes that are data.
		{`set /p {"a":1}`, []string{`set`, `/p`, `{"a":1}`}},
		{`it's`, []string{`it's`}},
		{`set /a 5" 6'`, []string{`set`, `/a`, `5"`, `6'`}},
		{`a"b c"d`, []string{`a"b`, `c"d`}},
		{`cost$'5`, []string{`cost$'5`}},
		{`$x $ a$`, []string{`$x`, `$`, `a$`}},
		// Backslashes outside quotes.
		{`C:\dir\x`, []string{`C:\dir\x`}},
		{`\n\t\x41`, []string{`\n\t\x41`}},
		{`a\ b`, []string{`a b`}},
		{`\ a`, []string{`" a`}},
		{"a\\\tb", []string{"a\tb"}},
		{`\"a \'b`, []string{`""a`, `"'b`}},
		{`\;`, []string{`";`}},
		{`ls\;`, []string{`ls;`}},
		{`\> \>\> \#a`, []string{`">`, `">>`, `"#a`}},
		{`a\\ b`, []string{`a\`, `b`}},
		{`\\host\share`, []string{`"\host\share`}},
		{"ls \\\n /", []string{`ls`, `/`}},
		{"ls /a\\\nb", []string{`ls`, `/ab`}},
		{"ls /a\\\r\nb", []string{`ls`, `/ab`}},
		{"ls /a\\\n", []string{`ls`, `/a`}},
		// Escapes in "…".
		{`"\n\t\r\0\\\""`, []string{"\"\n\t\r\x00\\\""}},
		{`"\x41\xff\x4"`, []string{"\"A\xff\\x4"}},
		{`"\xZZ"`, []string{`"\xZZ`}},
		{`"\u00e9\u4E2D"`, []string{`"é中`}},
		{`"\ud83d\ude00"`, []string{`"😀`}},
		{`"\ud83d \ude00 \ud83dx"`, []string{`"\ud83d \ude00 \ud83dx`}},
		{`"\u12 \u"`, []string{`"\u12 \u`}},
		{`"C:\dir\x"`, []string{`"C:\dir\x`}},
		{`"a\'b\$"`, []string{`"a\'b\$`}},
		{"\"a\\\nb\"", []string{`"ab`}},
		{"\"a\nb\"", []string{"\"a\nb"}},
		{"\"a\r\nb\"", []string{"\"a\r\nb"}},
		// '…' has none.
		{`'\n\'`, []string{`"\n\`}},
		{"'a\\\nb'", []string{"\"a\\\nb"}},
		// $'…'.
		{`$'\a\b\e\E\f\n\r\t\v\\\'\"\?'`, []string{"\"\a\b\x1b\x1b\f\n\r\t\v\\'\"?"}},
		{`$'\101\7\0x\1018'`, []string{"\"A\a\x00xA8"}},
		{`$'\x41\x4 \x'`, []string{"\"A\x04 \\x"}},
		{`$'\u00e9\ue9\U1F600\ud800\UFFFFFFFF\U00110000'`, []string{`"éé😀\ud800\UFFFFFFFF\U00110000`}},
		{`$'\cA\ca\c?\c['`, []string{"\"\x01\x01\x7f\x1b"}},
		{`$'\q\c\\'`, []string{`"\q\c\`}},
		{"$'a\\\nb'", []string{"\"a\\\nb"}},
		// # and ;.
		{`# a comment; ls "`, nil},
		{`  # it's`, nil},
		{`set /a #5`, []string{`set`, `/a`, `#5`}},
		{`set /a 5#`, []string{`set`, `/a`, `5#`}},
		{`set /a a=1;b=2`, []string{`set`, `/a`, `a=1;b=2`}},
		{`set /a ;b`, []string{`set`, `/a`, `;b`}},
		{`set /a "a;" `, []string{`set`, `/a`, `"a;`}},
		{`ls /;`, []string{`ls`, `/`}},
		{`ls / ;`, []string{`ls`, `/`}},
		{`;`, nil},
		{` ; ;; `, nil},
		{`a;;b ;;c a;\;`, []string{`a;;b`, `;;c`, `a;;`}},
		// > inside words.
		{`a>b >c 2> d>`, []string{`a>b`, `>c`, `2>`, `d>`}},
		{`'>' ">>"`, []string{`">`, `">>`}},
		// What begins with - or @ is told apart by its quotes.
		{`set /a -5 '-5' "@f" @f`, []string{`set`, `/a`, `-5`, `"-5`, `"@f`, `@f`}},
		{`-path=a\ b`, []string{`-path=a b`}},
		// Other bytes are data.
		{"a\rb \xff\x00 \u00a0 \v", []string{"a\rb", "\xff\x00", "\u00a0", "\v"}},
		{"ls /\r", []string{`ls`, "/\r"}},
		{"ls \\ \r\r\n", []string{`ls`, "\" \r"}},
		{"ls /\r\n", []string{`ls`, `/`}},
		{"\uFEFFls /", []string{`ls`, `/`}},
		{"ls \uFEFF", []string{`ls`, "\uFEFF"}},
	}
	for _, tt := range tests {
		cmds, err := Split(tt.src)
		if err != nil {
			t.Errorf("Split(%q): %v", tt.src, err)
			continue
		}
		var got []string
		for _, c := range cmds {
			got = append(got, show(c.Words)...)
		}
		if len(cmds) > 1 || !slices.Equal(got, tt.want) {
			t.Errorf("Split(%q) = %d commands %q, want %q", tt.src, len(cmds), got, tt.want)
		}
	}
}

func show(words []Word) []string {
	var s []string
	for _, w := range words {
		mark := ""
		if w.Quoted {
			mark = `"`
		}
		s = append(s, mark+w.Text)
	}
	return s
}

func TestSplit_Commands(t *testing.T) {
	const src = "# head\r\n" +
		"ls /a; get \"/b\nc\" ; # no more\n" +
		"\n" +
		"  set /a \\\n  x=1; b=2;;\t\n" +
		"get '/a' > 'my file' ; ls / >> out;\r\n" +
		"quit # now"
	want := []string{
		`2 "ls /a": ls@8 /a@11`,
		`2 "get \"/b\nc\"": get@15 /b` + "\n" + `c@19`,
		`5 "set /a \\\n  x=1": set@41 /a@45 x=1@52`,
		`6 "b=2": b=2@57`,
		`7 "get '/a' > 'my file'": get@64 /a@68 > my file@75`,
		`7 "ls / >> out": ls@87 /@90 >> out@95`,
		`8 "quit # now": quit@101 #@106 now@108`,
	}
	cmds, err := Split(src)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range cmds {
		s := fmt.Sprintf("%d %q:", c.Line, c.Text)
		for _, w := range c.Words {
			s += fmt.Sprintf(" %s@%d", w.Text, w.Pos)
		}
		if r := c.Redirect; r != nil {
			s += fmt.Sprintf(" %s %s@%d", map[bool]string{true: ">>", false: ">"}[r.Append], r.File.Text, r.File.Pos)
		}
		got = append(got, s)
		if first := c.Words[0]; !strings.HasPrefix(src[first.Pos:], c.Text) {
			t.Errorf("the input at %d does not hold %q", first.Pos, c.Text)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSplit_Errors(t *testing.T) {
	tests := []struct {
		src        string
		cmds       int // commands before the bad one
		line, col  int
		incomplete bool
		msg        string
	}{
		{`set /a "b`, 0, 1, 8, true, `the quote " is not closed`},
		{"ls /\nset é 'b\nc", 1, 2, 7, true, `the quote ' is not closed`},
		{`a $'\'`, 0, 1, 3, true, `the quote $' is not closed`},
		{`"a\`, 0, 1, 1, true, `the quote " is not closed`},
		{`"a"'b`, 0, 1, 4, true, `the quote ' is not closed`},
		{`ls / \`, 0, 1, 6, true, `the line ends in a backslash; as data, type \\`},
		{`set /a >`, 0, 1, 8, false, `> needs the name of a file after it; as data, quote it: '>'`},
		{`a >> ; b`, 0, 1, 3, false, `>> needs the name of a file after it; as data, quote it: '>>'`},
		{"\uFEFFa > > b", 0, 1, 3, false, `> needs the name of a file after it; as data, quote it: '>'`},
		{`ls /; a > b c`, 1, 1, 13, false, `> FILE must end the command; as data, quote it: '>'`},
		{`a > b > c`, 0, 1, 7, false, `> FILE must end the command; as data, quote it: '>'`},
		{`> b`, 0, 1, 1, false, `there is no command before >`},
		{`a > "b`, 0, 1, 5, true, `the quote " is not closed`},
		{`a > b "c`, 0, 1, 7, true, `the quote " is not closed`},
	}
	for _, tt := range tests {
		cmds, err := Split(tt.src)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("Split(%q) = %v, want an *Error", tt.src, err)
			continue
		}
		want := Error{Line: tt.line, Col: tt.col, Msg: tt.msg, Incomplete: tt.incomplete}
		if *e != want || len(cmds) != tt.cmds {
			t.Errorf("Split(%q) = %d commands, %+v, want %d, %+v", tt.src, len(cmds), *e, tt.cmds, want)
		}
	}
	err := &Error{Line: 2, Col: 3, Msg: "bad"}
	if got := err.Error(); got != "line 2, column 3: bad" {
		t.Errorf("Error() = %q", got)
	}
}

// An incomplete line is mended by the lines that follow it.
func TestParse_ContinuedAfterIncomplete(t *testing.T) {
	for _, lines := range [][]string{
		{`set /a "x`, `y"`},
		{`set /a \`, `x`},
		{`set /a x \`, ``},
	} {
		_, err := Parse(lines[0])
		var e *Error
		if !errors.As(err, &e) || !e.Incomplete {
			t.Fatalf("Parse(%q) = %v, want an incomplete command", lines[0], err)
		}
		cmds, err := Parse(strings.Join(lines, "\n"))
		if err != nil || len(cmds) != 1 || len(cmds[0].Words) != 3 {
			t.Errorf("Parse of %q = %v, %v", lines, cmds, err)
		}
	}
}
