package quorum

import "time"

// maxStride is how many ticks are fed to the core at a time at most, while it serves.
const maxStride = 20

// tick feeds the core its clock. Ticks that were missed are not made up for: what has arrived
// meanwhile should be read before anybody is found to be late.
//
// A server that serves needs its clock for PINGs and for time-outs of many ticks alone. It gets
// several ticks at a time: an idle machine has better things to do than to wake up for each.
func (n *Node) tick() {
	stride := 1
	timer := time.NewTimer(n.o.Tick)
	defer timer.Stop()
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-n.hurry:
			stride = 1
			timer.Reset(n.o.Tick)
			continue
		case <-timer.C:
		}
		if !n.enter() {
			return
		}
		n.feedProgress()
		for range stride {
			n.core.Tick()
			n.dispatch()
		}
		stride = n.stride()
		n.leave()
		timer.Reset(time.Duration(stride) * n.o.Tick)
	}
}

// stride is how many ticks may pass before the next ones are fed: an eighth of a tickTime.
func (n *Node) stride() int {
	if !n.role.Serving() {
		return 1
	}
	return max(1, min(n.o.Core.TickTime/8, maxStride))
}
