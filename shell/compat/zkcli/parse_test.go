package zkcli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/shell/lex"
)

// lines are what Java judges splitLine by. None has a quote that nothing closes, where the two differ on purpose.
var lines = []string{
	"ls /", " ls  /  ", "\tls\t/\v", " ", "   ", "a", `"a b"`, `'a b'`, `x "a b" 'c d' e`, `'it''s'`, `"a"b"c"`, `a"b c"d`,
	`''`, `"" ''`, `x '"' y`, `x "'" y`, `a\ b`, `"a\"b" c"`, "ä 'ö ü' €", `{"a": 1}`, `'{"a": 1}'`,
}

func TestSplitLine(t *testing.T) {
	for line, want := range map[string]string{
		"set /a 'b c' d": `[set /a b_c! d]`,
		`"ls" /`:         `[ls! /]`,
		"  ":             `[_]`,
		`x "a`:           `[x "a]`,
		`"`:              `["]`,
		` 'a "b`:         `['a "b]`,
	} {
		if got := show(splitLine(line)); got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
}

func show(words []lex.Word) string {
	var texts []string
	for _, w := range words {
		text := strings.ReplaceAll(w.Text, " ", "_")
		if w.Quoted {
			text += "!"
		}
		texts = append(texts, text)
	}
	return fmt.Sprint(texts)
}

// TestSplitLineAgainstJava runs Apache's pattern itself.
func TestSplitLineAgainstJava(t *testing.T) {
	if _, err := exec.LookPath("java"); err != nil || testing.Short() {
		t.Skip("needs java")
	}
	source := filepath.Join(t.TempDir(), "Split.java")
	if err := os.WriteFile(source, []byte(splitJava), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "java", source)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	cmd.Env = append(cmd.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("java runs no source files here: %v", err)
	}
	answers := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(answers) != len(lines) {
		t.Fatalf("%d answers for %d lines", len(answers), len(lines))
	}
	for i, line := range lines {
		var got strings.Builder
		for _, w := range splitLine(line) {
			got.WriteString("<" + w.Text + ">")
		}
		if got.String() != answers[i] {
			t.Errorf("%q: %s, Java has %s", line, got.String(), answers[i])
		}
	}
}

const splitJava = `
import java.io.*;
import java.util.regex.*;

public class Split {
    public static void main(String[] args) throws IOException {
        Pattern words = Pattern.compile("\\s*([^\"\']\\S*|\"[^\"]*\"|'[^']*')\\s*");
        Pattern quoted = Pattern.compile("^([\'\"])(.*)(\\1)$");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null; System.out.println()) {
            for (Matcher m = words.matcher(line); m.find(); ) {
                String w = m.group(1);
                System.out.print("<" + (quoted.matcher(w).matches() ? w.substring(1, w.length() - 1) : w) + ">");
            }
        }
    }
}
`

// FuzzLine: no line brings the splitter or the parser of flags down, and no character that is not a blank or a
// closed quote gets lost.
func FuzzLine(f *testing.F) {
	for _, line := range lines {
		f.Add(line)
	}
	f.Add(`set -sv1 /a -x "-5"`)
	f.Add(`"`)
	rows := table()
	f.Fuzz(func(t *testing.T, line string) {
		words := splitLine(line)
		if line != "" && len(words) == 0 {
			t.Fatalf("%q: no word", line)
		}
		kept := 0
		for _, w := range words {
			kept += len(w.Text)
			if w.Quoted {
				kept += 2
			}
		}
		blank := 0
		for i := range len(line) {
			if strings.IndexByte(blanks, line[i]) >= 0 {
				blank++
			}
		}
		if kept < len(line)-blank {
			t.Fatalf("%q: %v", line, words)
		}
		for i := range rows {
			if l, err := rows[i].parse(words); err == nil && len(l.args) > len(words) {
				t.Fatalf("%s %v: %q", rows[i].name, words, l.args)
			}
		}
	})
}
