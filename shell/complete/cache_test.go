package complete

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// slowly answers with names after a time.
func slowly(after time.Duration, calls *atomic.Int32, names ...string) func(context.Context, string) ([]string, error) {
	return func(ctx context.Context, _ string) ([]string, error) {
		calls.Add(1)
		select {
		case <-time.After(after):
			return names, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func ask(c *Completer, line string) []string { return texts(c.Complete(line, len(line))) }

// TestNoKeyWaits: an answer that takes long costs a key no more than the budget, and once; when it comes the
// shell is told.
func TestNoKeyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls, told atomic.Int32
		c := New(Config{
			Commands: registry(t), Children: slowly(time.Second, &calls, "a", "b"), Fresh: func() { told.Add(1) },
		})
		defer c.Close()
		for i, want := range []time.Duration{Budget, 0, 0} {
			start := time.Now()
			if got := ask(c, "ls /x/"); len(got) > 0 {
				t.Errorf("key %d: offers %q before it can know", i, got)
			}
			if took := time.Since(start); took != want {
				t.Errorf("key %d: waited %s, want %s", i, took, want)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if told.Load() != 1 || calls.Load() != 1 {
			t.Errorf("asked %d times and told %d times, want once", calls.Load(), told.Load())
		}
		if got := ask(c, "ls /x/"); !slices.Equal(got, []string{"/x/a⏎", "/x/b⏎"}) {
			t.Errorf("then it offers %q", got)
		}
	})
}

// TestWithinBudget: an answer that comes in time is there at once, and nobody is told.
func TestWithinBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls, told atomic.Int32
		c := New(Config{
			Commands: registry(t), Children: slowly(Budget/2, &calls, "a", "b"), Fresh: func() { told.Add(1) },
		})
		defer c.Close()
		if got := ask(c, "ls /x/"); !slices.Equal(got, []string{"/x/a⏎", "/x/b⏎"}) {
			t.Errorf("offers %q", got)
		}
		synctest.Wait()
		if told.Load() != 0 {
			t.Error("the shell is told of what it has")
		}
	})
}

// TestExpiry: names are asked for again after a while, and old ones serve until the new ones come.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		c := New(Config{Commands: registry(t), Children: slowly(2*Budget, &calls, "a", "b")})
		defer c.Close()
		ask(c, "ls /x/")
		time.Sleep(time.Second)
		if ask(c, "ls /x/"); calls.Load() != 1 {
			t.Errorf("asked %d times within a second", calls.Load())
		}
		time.Sleep(time.Second)
		if got := ask(c, "ls /x/"); len(got) != 2 || calls.Load() != 2 {
			t.Errorf("after two seconds: asked %d times, offers %q", calls.Load(), got)
		}
	})
}

// TestForget: after a command, and after connect, nothing old is offered.
func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, names := "one:2181", []string{"a", "b"}
		c := New(Config{
			Commands: registry(t),
			Servers:  func() string { return server },
			Children: func(context.Context, string) ([]string, error) { return names, nil },
		})
		defer c.Close()
		ask(c, "ls /x/")
		names = []string{"c", "d"}
		if got := ask(c, "ls /x/"); got[0] != "/x/a⏎" {
			t.Errorf("before: %q", got)
		}
		c.Forget()
		if got := ask(c, "ls /x/"); got[0] != "/x/c⏎" {
			t.Errorf("after a command: %q", got)
		}
		names, server = []string{"e", "f"}, "two:2181"
		if got := ask(c, "ls /x/"); got[0] != "/x/e⏎" {
			t.Errorf("after connect: %q", got)
		}
		if got := ask(c, "connect "); !slices.Equal(got, []string{"two:2181", "one:2181"}) {
			t.Errorf("servers: %q", got)
		}
	})
}

// TestForget_UnderWay: what was asked for before a command is not kept after it.
func TestForget_UnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls, told atomic.Int32
		c := New(Config{Commands: registry(t), Children: slowly(time.Second, &calls, "a", "b"), Fresh: func() { told.Add(1) }})
		defer c.Close()
		ask(c, "ls /x/")
		c.Forget()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if told.Load() != 0 {
			t.Error("the shell is told of what it has forgotten")
		}
		if got := ask(c, "ls /x/"); len(got) > 0 || calls.Load() != 2 {
			t.Errorf("offers %q, asked %d times", got, calls.Load())
		}
	})
}

// TestBounds: a parent of many children, many parents, and many fetches at once.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var many []string
		for i := range 150_000 {
			many = append(many, fmt.Sprintf("n%06d", i))
		}
		c := New(Config{Commands: registry(t), Children: func(_ context.Context, path string) ([]string, error) {
			if path == "/x" {
				return many, nil
			}
			return many[:2], nil
		}})
		defer c.Close()
		if got := ask(c, "ls /x/"); len(got) != most || got[0] != "/x/n000000⏎" {
			t.Errorf("%d candidates, want %d", len(got), most)
		}
		if got := ask(c, "ls /x/n00012"); len(got) != 10 {
			t.Errorf("%d candidates, want 10: %q", len(got), got)
		}
		for i := range 3 * maxLists {
			ask(c, fmt.Sprintf("ls /x%d/", i))
		}
		if n := len(c.cache.lists); n > maxLists {
			t.Errorf("%d lists, want at most %d", n, maxLists)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		c := New(Config{Commands: registry(t), Children: slowly(time.Minute, &calls)})
		defer c.Close()
		for i := range 20 {
			ask(c, fmt.Sprintf("ls /x%d/", i))
		}
		if calls.Load() != maxFetches {
			t.Errorf("%d fetches at once, want %d", calls.Load(), maxFetches)
		}
	})
}

// TestFailure: a server that refuses, or does not answer, offers nothing and is asked again later.
func TestFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls, told atomic.Int32
		c := New(Config{
			Commands: registry(t), Fresh: func() { told.Add(1) },
			Children: func(context.Context, string) ([]string, error) { calls.Add(1); return nil, errors.New("no") },
		})
		defer c.Close()
		for range 3 {
			if got := ask(c, "ls /x/"); len(got) > 0 {
				t.Errorf("offers %q", got)
			}
		}
		if calls.Load() != 1 || told.Load() != 0 {
			t.Errorf("asked %d times, told %d times", calls.Load(), told.Load())
		}
	})
}

// TestClose: nothing is left behind, and nothing is begun.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		c := New(Config{Commands: registry(t), Children: slowly(time.Hour, &calls, "a", "b")})
		ask(c, "ls /x/")
		start := time.Now()
		c.Close()
		if time.Since(start) != 0 {
			t.Error("Close waited for the server")
		}
		if ask(c, "ls /y/"); calls.Load() != 1 {
			t.Error("a closed Completer asks")
		}
	})
}
