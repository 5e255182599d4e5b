package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/zoka-project/zoka/shell/lex"
)

// maxInput bounds what @file and @- read: far more than any server takes, far less than memory.
const maxInput = 64 << 20

// input is standard input, read to its end once.
type input struct {
	once sync.Once
	data []byte
	err  error
}

// Data returns the bytes of an argument of kind Data: the word itself, or, when it is not quoted, what the file
// of @file or standard input for @- holds. They are never nil: no argument at all is what makes null.
func (e *Env) Data(w lex.Word) ([]byte, error) {
	name, ok := strings.CutPrefix(w.Text, "@")
	switch {
	case !ok || w.Quoted:
		return []byte(w.Text), nil
	case name == "-":
		return e.readStdin()
	case name == "":
		return nil, Usagef("@: wants a file's name behind it; for the character itself write '@'")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w (data that begins with @ wants quotes)", err)
	}
	defer f.Close()
	return readAll(f, name)
}

func (e *Env) readStdin() ([]byte, error) {
	e.input.once.Do(func() {
		if e.Stdin == nil {
			e.input.err = Usagef("@-: standard input is where the commands come from; for the characters themselves write '@-'")
			return
		}
		e.input.data, e.input.err = readAll(e.Stdin, "standard input")
	})
	return e.input.data, e.input.err
}

func readAll(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > maxInput:
		return nil, errors.New(name + ": more than 64 MiB, which no znode can hold")
	}
	return data, nil
}
