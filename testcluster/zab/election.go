package zab

// election is FastLeaderElection for one server.
type election struct{}

func newElection(cfg *Config, q *quorum, send func(Notification)) *election { return &election{} }

// start begins LOOKING.
func (e *election) start(own Vote) {}

// settle ends LOOKING.
func (e *election) settle(s State, v Vote) {}

// receive takes a notification in any state.
func (e *election) receive(n *Notification) {}

// reachable takes what is known of a server's election port.
func (e *election) reachable(id ServerID, up bool) {}

// tick moves the timers.
func (e *election) tick() {}

// decided says how LOOKING has ended, if it has.
func (e *election) decided() (State, Vote, bool) { return 0, Vote{}, false }
