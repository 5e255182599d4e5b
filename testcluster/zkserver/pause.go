package zkserver

// Pause stops a member of an ensemble as SIGSTOP stops a process: its clock, and all that
// passes between it and the other members. Its clients are not concerned; they are on the
// listeners that the caller has handed in. A standalone server has nobody to be missed by,
// and nothing happens. Resume must come before Close.
func (s *Server) Pause() {
	if s.member != nil {
		s.member.node.Pause()
	}
}

// Resume ends a pause.
func (s *Server) Resume() {
	if s.member != nil {
		s.member.node.Resume()
	}
}
