package zkclient

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// DefaultPort is the port of a server that is named without one.
const DefaultPort = "2181"

// ConnectStringError says what is wrong with a connect string.
type ConnectStringError struct {
	String string // the whole string
	Part   string // the part that is wrong, "" for the whole
	Reason string
}

func (e *ConnectStringError) Error() string {
	if e.Part == "" || e.Part == e.String {
		return fmt.Sprintf("connect string %q: %s", e.String, e.Reason)
	}
	return fmt.Sprintf("connect string %q: %q: %s", e.String, e.Part, e.Reason)
}

// ParseConnectString reads host[:port],host[:port]…[/chroot]. An IPv6 address that has a
// port stands in brackets. The hosts are returned as host:port; chroot is "" for none. The
// error is a *[ConnectStringError]. Source: org.apache.zookeeper.client.ConnectStringParser.
func ParseConnectString(s string) (hosts []string, chroot string, err error) {
	fail := func(part, reason string) ([]string, string, error) {
		return nil, "", &ConnectStringError{s, part, reason}
	}
	list := s
	if i := strings.IndexByte(s, '/'); i >= 0 {
		list, chroot = s[:i], s[i:]
		if chroot == "/" {
			chroot = ""
		} else if err := zkproto.ValidatePath(chroot); err != nil {
			return fail(chroot, "not a chroot: "+err.Error())
		}
	}
	if strings.TrimSpace(list) == "" {
		return fail("", "no server: want host:port,host:port/chroot")
	}
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		addr, reason := parseServer(part)
		if reason != "" {
			return fail(part, reason)
		}
		hosts = append(hosts, addr)
	}
	return hosts, chroot, nil
}

// parseServer returns host:port, or what is wrong.
func parseServer(s string) (addr, reason string) {
	host, port := s, DefaultPort
	switch {
	case s == "":
		return "", "empty server name"
	case strings.ContainsAny(s, " \t"):
		return "", "blank in a server name"
	case s[0] == '[':
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", "no closing bracket"
		}
		host = s[1:end]
		switch rest := s[end+1:]; {
		case rest == "":
		case rest[0] == ':':
			port = rest[1:]
		default:
			return "", "want a colon and a port after the bracket"
		}
	case strings.Count(s, ":") > 1:
		// Nobody can tell whether the last group is a port, unless it is all one address.
		if net.ParseIP(s) == nil {
			return "", "more than one colon: write an IPv6 address in brackets"
		}
	default:
		if h, p, ok := strings.Cut(s, ":"); ok {
			host, port = h, p
		}
	}
	switch {
	case host == "":
		return "", "empty server name"
	case strings.ContainsAny(host, "[]"):
		return "", "stray bracket"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", fmt.Sprintf("port %q is not a number from 1 to 65535", port)
	}
	return net.JoinHostPort(host, port), ""
}
