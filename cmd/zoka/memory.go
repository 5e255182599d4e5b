package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// serverGC is how far the heap of a server may grow over what is in use, in percent. The tree lies in large blocks
// without pointers, which cost the collector next to nothing: it can run often, and a server with a million znodes does
// with a quarter less memory than at the usual 100.
const serverGC = 40

func saveMemory(getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(serverGC)
	}
}

// quietCheck is how often a server looks whether it has become quiet.
const quietCheck = 2 * time.Second

// returnMemory gives the memory of a burst back to the system when it is over: the collector alone does so minutes later,
// and keeps some. What it returns ends that, and waits for the end.
func returnMemory() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(quietCheck)
		defer ticker.Stop()
		q := quiet{}
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				if q.step(allocated()) {
					runtime.GC() // pools give up what they hold after the second one
					debug.FreeOSMemory()
					q.freed(allocated())
				}
			}
		}
	}()
	return func() { close(done); <-ended }
}

// allocated is how many bytes the process has taken from its heap since its start.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

const (
	// quietBytes between two checks are no burst: a server that only keeps its sessions takes less.
	quietBytes = 1 << 20
	// worthBytes is what must have been taken since memory was given back last.
	worthBytes = 16 << 20
)

// quiet finds the moment after a burst.
type quiet struct {
	last  uint64 // allocated at the last check
	since uint64 // allocated when memory was given back
	calm  bool   // nothing much was taken before the last check either
}

// step is told at each check what was allocated so far, and says whether memory is to be given back.
func (q *quiet) step(allocated uint64) bool {
	before := q.calm
	q.calm = allocated-q.last < quietBytes
	q.last = allocated
	return before && q.calm && allocated-q.since >= worthBytes
}

// freed notes that memory was given back.
func (q *quiet) freed(allocated uint64) { q.since, q.last = allocated, allocated }
