package flw

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Conn is a client's connection, one line of cons.
type Conn struct {
	Addr     string // of the client, ip:port
	Queued   int64  // requests under way
	Received int64  // packets
	Sent     int64
	Session  zkproto.SessionID // 0 where there is none yet
	LastOp   string            // short, such as GETD
	// Times are milliseconds; Established is since 1970.
	Established, Timeout, LastLatency, MinLatency, AvgLatency, MaxLatency int64
}

// Cons asks a server for its connections.
func Cons(ctx context.Context, addr string, dial Dialer) ([]Conn, error) {
	answer, err := Do(ctx, addr, "cons", dial)
	if err != nil {
		return nil, err
	}
	conns, err := ParseCons(answer)
	if err != nil {
		err = &Error{"cons", addr, err}
	}
	return conns, err
}

// ParseCons reads the answer to cons. The error wraps [ErrUnexpected].
func ParseCons(text string) ([]Conn, error) {
	var conns []Conn
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		c, err := parseConn(line)
		if err != nil {
			return nil, fmt.Errorf("%w: line %q: %v", ErrUnexpected, line, err)
		}
		conns = append(conns, c)
	}
	return conns, nil
}

// parseConn reads /127.0.0.1:50000[1](queued=0,recved=1,sent=0,…).
func parseConn(line string) (Conn, error) {
	var c Conn
	addr, rest, ok := strings.Cut(line, "(")
	list, ok2 := strings.CutSuffix(rest, ")")
	if !ok || !ok2 {
		return c, fmt.Errorf("no list in parentheses")
	}
	if i := strings.LastIndexByte(addr, '['); i > 0 {
		addr = addr[:i]
	}
	c.Addr = strings.TrimPrefix(addr, "/")
	for field := range strings.SplitSeq(list, ",") {
		name, value, _ := strings.Cut(field, "=")
		if err := c.set(name, value); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *Conn) set(name, value string) (err error) {
	switch name {
	case "sid":
		var id uint64
		id, err = strconv.ParseUint(strings.TrimPrefix(value, "0x"), 16, 64)
		c.Session = zkproto.SessionID(id)
	case "lop":
		c.LastOp = value
	default:
		if field := c.number(name); field != nil {
			*field, err = strconv.ParseInt(value, 10, 64)
		}
	}
	return err
}

func (c *Conn) number(name string) *int64 {
	switch name {
	case "queued":
		return &c.Queued
	case "recved":
		return &c.Received
	case "sent":
		return &c.Sent
	case "est":
		return &c.Established
	case "to":
		return &c.Timeout
	case "llat":
		return &c.LastLatency
	case "minlat":
		return &c.MinLatency
	case "avglat":
		return &c.AvgLatency
	case "maxlat":
		return &c.MaxLatency
	}
	return nil
}
