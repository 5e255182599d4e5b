package tty

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// ErrNoTerminal is returned by Open when standard input is not a terminal or
// the process has no controlling terminal.
var ErrNoTerminal = errors.New("no terminal")

// ErrHangup is returned by Run and by the questions when the terminal is gone.
var ErrHangup = errors.New("terminal hung up")

// errWoken is returned by device.read after wake.
var errWoken = errors.New("woken")

// A device is the controlling terminal: bytes in, bytes out, two modes.
type device struct {
	fd int
	// The pipe that ends a read: select waits for both.
	wakeR, wakeW *os.File

	// reading is held while bytes are read, so that lend can be sure that no
	// byte meant for an editor is taken away from it.
	reading sync.Mutex

	mu struct {
		sync.Mutex
		saved unix.Termios // as Open found it
		final bool         // restored for good: never raw again
	}
}

// openDevice opens the controlling terminal and notes its modes.
func openDevice() (*device, error) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil, fmt.Errorf("%w: standard input is not a terminal", ErrNoTerminal)
	}
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: open /dev/tty: %w", ErrNoTerminal, err)
	}
	d := &device{fd: fd}
	if err := d.init(); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return d, nil
}

func (d *device) init() error {
	saved, err := unix.IoctlGetTermios(d.fd, getTermios)
	if err != nil {
		return fmt.Errorf("%w: read modes of /dev/tty: %w", ErrNoTerminal, err)
	}
	d.mu.saved = *saved
	if d.wakeR, d.wakeW, err = os.Pipe(); err != nil {
		return fmt.Errorf("open terminal: %w", err)
	}
	if limit := unix.FD_SETSIZE; d.fd >= limit || int(d.wakeR.Fd()) >= limit {
		d.wakeR.Close()
		d.wakeW.Close()
		return fmt.Errorf("open terminal: more than %d open files", limit)
	}
	return nil
}

// close gives the descriptors back. Nothing may read or write any more.
func (d *device) close() {
	d.wakeR.Close()
	d.wakeW.Close()
	unix.Close(d.fd)
}

// raw gives us every key as it is typed, unechoed. Output processing stays on.
func (d *device) raw() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mu.final {
		return nil
	}
	t := d.mu.saved
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Oflag |= unix.OPOST | unix.ONLCR
	t.Cflag &^= unix.CSIZE | unix.PARENB
	t.Cflag |= unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return d.set(&t)
}

// cooked puts the modes back as Open found them; for good when final is set.
func (d *device) cooked(final bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.final = d.mu.final || final
	return d.set(&d.mu.saved)
}

func (d *device) set(t *unix.Termios) error {
	for {
		err := unix.IoctlSetTermios(d.fd, setTermios, t)
		if err == nil {
			return nil
		}
		if err != unix.EINTR {
			return fmt.Errorf("set modes of the terminal: %w", err)
		}
	}
}

// wait waits until there are bytes to read: true, or until timeout (forever if
// negative): false. After wake it returns errWoken.
func (d *device) wait(timeout time.Duration) (bool, error) {
	wake := int(d.wakeR.Fd())
	for {
		var set unix.FdSet
		set.Set(d.fd)
		set.Set(wake)
		var tv *unix.Timeval
		if timeout >= 0 {
			t := unix.NsecToTimeval(int64(timeout))
			tv = &t
		}
		n, err := unix.Select(max(d.fd, wake)+1, &set, nil, nil, tv)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return false, fmt.Errorf("wait for a key: %w", err)
		case n > 0 && set.IsSet(wake):
			return false, errWoken
		}
		return n > 0, nil
	}
}

// readNow reads what is there, if there still is something: an editor that had
// the terminal since wait said so may have read it.
func (d *device) readNow(buf []byte) (int, error) {
	d.reading.Lock()
	defer d.reading.Unlock()
	ready, err := d.wait(0)
	if err != nil || !ready {
		return 0, err
	}
	return d.read(buf)
}

func (d *device) read(buf []byte) (int, error) {
	for {
		n, err := unix.Read(d.fd, buf)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, fmt.Errorf("%w: %w", ErrHangup, err)
		case n == 0:
			return 0, ErrHangup
		}
		return n, nil
	}
}

// wake makes the wait that is under way, or else the next one, return errWoken.
func (d *device) wake() { d.wakeW.Write([]byte{0}) }

// unwake takes back what wake has done.
func (d *device) unwake() { d.wakeR.Read(make([]byte, 1)) }

// write writes all of b. A terminal that is gone is noticed by its reader.
func (d *device) write(b []byte) {
	for len(b) > 0 {
		n, err := unix.Write(d.fd, b)
		if err == unix.EINTR || err == unix.EAGAIN {
			continue
		}
		if err != nil {
			return
		}
		b = b[n:]
	}
}

// size is the window's. A window that does not know its size counts as 80 by 24.
func (d *device) size() (cols, rows int) {
	cols, rows = 80, 24
	ws, err := unix.IoctlGetWinsize(d.fd, unix.TIOCGWINSZ)
	if err != nil {
		return cols, rows
	}
	if ws.Col > 0 {
		cols = int(ws.Col)
	}
	if ws.Row > 0 {
		rows = int(ws.Row)
	}
	return cols, rows
}
