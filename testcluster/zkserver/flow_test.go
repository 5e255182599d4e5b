package zkserver

import (
	"testing"
	"testing/synctest"
)

// TestFlow_Admit: who comes when the term has taken on enough waits until some of it is
// answered, or the term is over.
func TestFlow_Admit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flow
		f.room.L = &f.mu
		large := []*write{{body: make([]byte, maxTermBytes+1)}}
		if !f.admit(large, func() bool { return false }) {
			t.Fatal("the first one was not admitted")
		}
		over := false
		admitted := make(chan bool, 2)
		next := func() { admitted <- f.admit([]*write{{body: make([]byte, 7)}}, func() bool { return over }) }
		go next()
		synctest.Wait()
		if len(admitted) != 0 {
			t.Fatal("it did not wait")
		}
		finish(large)
		if !<-admitted || f.writes.Load() != 1 || f.bytes.Load() != 7 {
			t.Errorf("%d writes of %d bytes are under way", f.writes.Load(), f.bytes.Load())
		}
		f.begin(large)
		go next()
		synctest.Wait()
		over = true
		f.release()
		if <-admitted {
			t.Error("admitted although it is over")
		}
	})
}
