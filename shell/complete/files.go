package complete

import (
	"os"
	"strings"

	"github.com/zoka-project/zoka/shell/lex"
)

// files are the files of a folder, for a word that begins with a mark such as the @ of @file. Folders end with
// a slash, and go on.
func (q *question) files(mark string) []Candidate {
	typed := strings.TrimPrefix(q.partial.Text, mark)
	folder := typed[:strings.LastIndexByte(typed, '/')+1]
	base := typed[len(folder):]
	var out []Candidate
	for _, name := range startingWith(q.cache.names(key{kind: file, path: folder}), base) {
		if base == "" && strings.HasPrefix(name, ".") {
			continue
		}
		text, ok := lex.Quote(folder+name), true
		if mark != "" {
			text, ok = unquoted(mark + folder + name)
		}
		if !ok {
			continue
		}
		c := Candidate{Text: text, Append: " "}
		if strings.HasSuffix(name, "/") {
			c.Append = ""
		}
		out = append(out, c)
	}
	return out
}

// unquoted writes a word whose first character must not be quoted, since it would be data then. It reports
// false for a word that cannot be written so.
func unquoted(word string) (string, bool) {
	word = strings.NewReplacer(`\`, `\\`, " ", `\ `).Replace(word)
	if n := len(word) - 1; word[n] == ';' {
		word = word[:n] + `\;`
	}
	return word, !strings.ContainsFunc(word, func(r rune) bool { return r < ' ' })
}

// readFolder returns the names in a folder, "" for the one that the process is in.
func readFolder(folder string) ([]string, error) {
	if folder == "" {
		folder = "."
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			name += "/"
		} else if e.Type()&os.ModeSymlink != 0 {
			if info, err := os.Stat(folder + "/" + name); err == nil && info.IsDir() {
				name += "/"
			}
		}
		names = append(names, name)
	}
	return names, nil
}
