package tutorial

import "testing"

// TestMajority: as many servers as may die do not stop writes, one more does. Nothing is acknowledged then, and writes go
// on when the majority is back.
func TestMajority(t *testing.T) { eachSize(t, majority) }

func majority(t *testing.T, all, voters hosts) {
	leader := all.serving()
	s := all.session("-t", "4000")
	s.types("create /sanguo liubei")
	s.sees("Created /sanguo")
	dead := append(hosts{leader}, voters.but(leader)[:len(voters)/2-1]...)
	for _, h := range dead {
		h.kill()
	}
	rest := all.but(dead...)
	s.types("get /sanguo")
	s.sees("liubei")
	rest.serving()
	rest.does("set", "/sanguo", "caocao")
	rest.agree("caocao", "get", "/sanguo")

	last := voters.but(dead...)[0]
	last.kill()
	rest = rest.but(last)
	for _, h := range rest {
		h.eventually("to refuse clients without a majority", func() bool { return h.asked() == "" })
	}
	s.types("set /sanguo simayi")
	refused(t, rest, "set", "/sanguo", "sunquan")
	s.sees("set /sanguo: session expired, as no server took it back", "it is not serving (no quorum?)", "(not sent)")
	last.start()
	rest = append(rest, last)
	rest.serving()
	rest.agree("caocao", "get", "/sanguo")
	rest.does("set", "/sanguo", "sunquan")
	dead.start()
	all.serving()
	all.agree("sunquan", "get", "/sanguo")
}
