package tty

import (
	"context"
	"errors"
	"io"
)

// ReadLine asks a question and returns the line that answers it, without history
// or completion. It is for commands that Run executes, with their context, or
// for the time before Run. Ctrl-C is ErrInterrupted, Ctrl-D on an empty line
// io.EOF.
func (t *Terminal) ReadLine(ctx context.Context, question string) (string, error) {
	end, err := t.ensure()
	if err != nil {
		return "", err
	}
	defer end()
	ask := func() label { return label{text: mask(question)} }
	return t.readLine(ctx, lineRequest{prompt: ask})
}

// ReadPassword is ReadLine for secrets: nothing that is typed is shown.
func (t *Terminal) ReadPassword(ctx context.Context, question string) (string, error) {
	end, err := t.ensure()
	if err != nil {
		return "", err
	}
	defer end()
	if err := t.startReading(); err != nil {
		return "", err
	}
	defer t.stopReading()
	p := label{text: mask(question)}
	t.scr.show(&frame{prompt: p})
	secret, err := t.readSecret(ctx)
	shown := ""
	if errors.Is(err, ErrInterrupted) {
		shown = "^C"
	}
	t.scr.commit(p, shown)
	return secret, err
}

func (t *Terminal) readSecret(ctx context.Context) (string, error) {
	secret := ""
	for {
		k, err := t.keys.next(ctx)
		if err != nil {
			return "", err
		}
		switch k.code {
		case keyText:
			secret += k.text
		case keyEnter:
			return secret, nil
		case keyBackspace, keyCtrlH:
			secret = runePrefix(secret, max(0, runeCount(secret)-1))
		case keyCtrlU:
			secret = ""
		case keyCtrlC:
			return "", ErrInterrupted
		case keyCtrlD:
			if secret == "" {
				return "", io.EOF
			}
		}
	}
}

// ensure starts a session for one question if none is under way.
func (t *Terminal) ensure() (end func(), err error) {
	t.mu.Lock()
	active := t.mu.session != nil
	t.mu.Unlock()
	if active {
		return func() {}, nil
	}
	return t.begin()
}
