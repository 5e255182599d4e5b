package zabtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Plan makes a trace of a seed: an ensemble of so many voters, their clients, and what goes wrong.
func Plan(seed, voters int) []string {
	rng := rand.New(rand.NewPCG(uint64(seed), uint64(voters)))
	k := randomKnobs(rng, voters)
	k.Seed = seed
	p := &planner{rng: rng, n: voters + k.Observers, voters: voters}
	p.line("%s", k.String())
	for id := range p.n {
		if rng.IntN(8) > 0 {
			p.line("start %d", id+1)
		}
		p.run(rng.IntN(300))
	}
	// Each seed has a few kinds of faults only, at a pace of its own: some bugs need peace between two faults.
	kinds := p.kinds()
	pace := []int{30, 150, 600, 2000}[rng.IntN(4)]
	for range 60 + rng.IntN(200) {
		p.run(1 + rng.IntN(2*pace))
		kinds[rng.IntN(len(kinds))]()
	}
	p.line("settle")
	return p.lines
}

type planner struct {
	rng       *rand.Rand
	n, voters int
	lines     []string
}

func (p *planner) line(format string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}

func (p *planner) run(ms int) {
	p.line("run %dms", ms)
}

func (p *planner) any() int { return 1 + p.rng.IntN(p.n) }

// target is a server, or now and then whoever leads.
func (p *planner) target() string {
	if p.rng.IntN(3) == 0 {
		return "leader"
	}
	return fmt.Sprint(p.any())
}

// kinds are what can happen in this seed. What is listed more than once happens more often.
func (p *planner) kinds() []func() {
	kinds := []func(){p.write, p.write, p.write, p.write, p.sync, p.start, p.start}
	faults := []func(){p.crash, p.crashAfter, p.cut, p.isolate, p.split, p.breaks, p.pause, p.hold, p.snapshot, p.storm, p.depose, p.orphan, p.relapse}
	heals := []func(){p.start, p.start, p.heal, p.heal, p.heal, p.start, p.resume, p.release, p.write, p.startAll, p.sync, p.heal, p.start}
	for n := 1 + p.rng.IntN(5); n > 0; n-- {
		i := p.rng.IntN(len(faults))
		kinds = append(kinds, faults[i], heals[i])
	}
	return kinds
}

func (p *planner) write() {
	p.line("write s%d %s x%d", 1+p.rng.IntN(4), p.target(), 1+p.rng.IntN(6))
}

func (p *planner) sync() {
	if p.rng.IntN(3) == 0 {
		p.syncAll()
		return
	}
	p.line("sync s%d %s", 1+p.rng.IntN(4), p.target())
}

// syncAll asks everybody, those who should no longer answer among them.
func (p *planner) syncAll() {
	for id := range p.n {
		p.line("sync s%d %d", 5+p.rng.IntN(3), id+1)
	}
}

func (p *planner) start()    { p.line("start %d", p.any()) }
func (p *planner) crash()    { p.line("crash %s", p.target()) }
func (p *planner) snapshot() { p.line("snapshot %s", p.target()) }
func (p *planner) pause()    { p.line("pause %s", p.target()) }
func (p *planner) hold()     { p.line("disk %s hold", p.target()) }

func (p *planner) crashAfter() { p.line("crash %s after %d", p.target(), 1+p.rng.IntN(6)) }

func (p *planner) startAll() {
	for id := range p.n {
		p.line("start %d", id+1)
	}
}

func (p *planner) resume() {
	for id := range p.n {
		p.line("resume %d", id+1)
	}
	if p.rng.IntN(2) == 0 {
		p.syncAll()
	}
}

// depose has the leader stand still until the others have another one and go on with that. It does not know when it
// is asked for a read.
func (p *planner) depose() {
	p.line("pause leader")
	p.run(500 + p.rng.IntN(3000))
	for id := range p.n {
		p.line("write s%d %d x2", 1+p.rng.IntN(4), id+1)
	}
	p.run(1 + p.rng.IntN(200))
	p.resume()
	p.run(p.rng.IntN(20))
	p.syncAll()
}

func (p *planner) release() {
	for id := range p.n {
		p.line("disk %d go", id+1)
	}
}

func (p *planner) heal() {
	p.line("heal")
	if p.rng.IntN(4) == 0 {
		p.syncAll()
	}
}

// two are two servers, of at least as many.
func (p *planner) two() (a, b int) {
	a, b = p.any(), p.any()
	if a == b {
		b = a%p.n + 1
	}
	return a, b
}

func (p *planner) cut() {
	if p.n == 1 {
		return
	}
	a, b := p.two()
	p.line("cut %d%c%d", a, ">="[p.rng.IntN(2)], b)
}

func (p *planner) breaks() {
	if p.n == 1 {
		return
	}
	a, b := p.two()
	p.line("break %d=%d", a, b)
}

// isolate cuts one server off, or holds back only what it says, or what it is told.
func (p *planner) isolate() { p.isolateServer(p.target()) }

func (p *planner) isolateServer(a string) {
	way := [...]string{"%[1]s=%[2]d", "%[1]s>%[2]d", "%[2]d>%[1]s"}[p.rng.IntN(3)]
	var words []string
	for id := 1; id <= p.n; id++ {
		if a != fmt.Sprint(id) {
			words = append(words, fmt.Sprintf(way, a, id))
		}
	}
	if len(words) > 0 {
		p.line("cut %s", strings.Join(words, " "))
	}
}

// split parts the servers in two.
func (p *planner) split() {
	var words []string
	side := p.rng.Uint64()
	for a := 1; a <= p.n; a++ {
		for b := a + 1; b <= p.n; b++ {
			if side>>a&1 != side>>b&1 {
				words = append(words, fmt.Sprintf("%d=%d", a, b))
			}
		}
	}
	if len(words) > 0 {
		p.line("cut %s", strings.Join(words, " "))
	}
}

// orphan has the leader log what few others or nobody has, and then be cut off, stand still or crash.
func (p *planner) orphan() {
	if p.rng.IntN(2) == 0 {
		p.isolateServer("leader")
	} else {
		for range p.voters / 2 {
			p.line("disk %d hold", p.any())
		}
	}
	p.line("write s%d leader x%d", 1+p.rng.IntN(4), 1+p.rng.IntN(4))
	p.run(p.rng.IntN(100))
	p.line("%s", [...]string{"crash leader", "pause leader", "run 1ms"}[p.rng.IntN(3)])
	p.run(p.rng.IntN(100))
	p.heal()
	p.release()
}

// relapse has a server crash soon after it has come back: in the middle of its synchronisation.
func (p *planner) relapse() {
	id := p.any()
	p.line("crash %d", id)
	p.run(p.rng.IntN(300))
	p.line("start %d", id)
	p.line("crash %d after %d", id, 1+p.rng.IntN(6))
	p.run(p.rng.IntN(500))
	p.line("start %d", id)
}

// storm crashes everybody, within a moment.
func (p *planner) storm() {
	for id := range p.n {
		if p.rng.IntN(4) > 0 {
			p.line("crash %d", id+1)
			p.run(p.rng.IntN(20))
		}
	}
}
