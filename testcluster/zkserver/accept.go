package zkserver

import (
	"errors"
	"net"
	"time"
)

// accept takes connections from a listener until it is closed.
func (s *Server) accept(l net.Listener) {
	for pause := time.Duration(0); ; {
		nc, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			s.admit(nc)
			continue
		case s.stopped() || errors.Is(err, net.ErrClosed):
			return
		}
		// Out of descriptors, most likely: those that end give theirs back.
		s.log.Warn("cannot accept a connection", "address", l.Addr(), "err", err)
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-s.quit:
			return
		case <-time.After(pause):
		}
	}
}

// admit begins to serve a connection, if the limits allow it.
func (s *Server) admit(nc net.Conn) {
	peer := nc.RemoteAddr().String()
	if host, _, err := net.SplitHostPort(peer); err == nil {
		peer = host
	}
	if tcp, ok := nc.(*net.TCPConn); ok {
		_ = tcp.SetNoDelay(true) // the default; replies are small and waited for
	}
	c := newConn(s, nc, peer)
	if limit := s.addConn(c); limit != "" {
		s.rejected.Add(1)
		s.log.Warn("refused a connection: too many", "client", nc.RemoteAddr(), "limit", limit)
		_ = nc.Close()
		return
	}
	s.serving.Go(c.run)
}

// addConn returns the limit that forbids the connection, or "".
func (s *Server) addConn(c *conn) (limit string) {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	switch {
	case s.stopped():
		return "the server is closing"
	case s.cfg.MaxCnxns > 0 && len(s.conns) >= s.cfg.MaxCnxns:
		return "maxCnxns"
	case s.cfg.MaxClientCnxns > 0 && s.byPeer[c.peer] >= s.cfg.MaxClientCnxns:
		return "maxClientCnxns"
	}
	s.conns[c] = struct{}{}
	s.byPeer[c.peer]++
	return ""
}

func (s *Server) dropConn(c *conn) {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	delete(s.conns, c)
	if s.byPeer[c.peer]--; s.byPeer[c.peer] == 0 {
		delete(s.byPeer, c.peer)
	}
}
