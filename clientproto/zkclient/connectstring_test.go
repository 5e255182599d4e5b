package zkclient_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

func TestParseConnectString(t *testing.T) {
	for _, tt := range []struct {
		in     string
		hosts  string // parted by blanks
		chroot string
		err    string
	}{
		{"h", "h:2181", "", ""},
		{"h:1", "h:1", "", ""},
		{"h:1,h2 , 10.0.0.1:3/a/b", "h:1 h2:2181 10.0.0.1:3", "/a/b", ""},
		{"h/", "h:2181", "", ""},
		{"[::1]:5,[fe80::1%eth0],::1/x", "[::1]:5 [fe80::1%eth0]:2181 [::1]:2181", "/x", ""},
		{"", "", "", `connect string "": no server: want host:port,host:port/chroot`},
		{"/a", "", "", `connect string "/a": no server: want host:port,host:port/chroot`},
		{"h,,g", "", "", `connect string "h,,g": empty server name`},
		{":2181", "", "", `connect string ":2181": empty server name`},
		{"h:x", "", "", `connect string "h:x": port "x" is not a number from 1 to 65535`},
		{"g,h:0", "", "", `connect string "g,h:0": "h:0": port "0" is not a number from 1 to 65535`},
		{"h:65536", "", "", `connect string "h:65536": port "65536" is not a number from 1 to 65535`},
		{"h:", "", "", `connect string "h:": port "" is not a number from 1 to 65535`},
		{"h:1:2", "", "", `connect string "h:1:2": more than one colon: write an IPv6 address in brackets`},
		{"[::1", "", "", `connect string "[::1": no closing bracket`},
		{"[::1]5", "", "", `connect string "[::1]5": want a colon and a port after the bracket`},
		{"[[]", "", "", `connect string "[[]": stray bracket`},
		{"h i", "", "", `connect string "h i": blank in a server name`},
		{"h/a//b", "", "", `connect string "h/a//b": "/a//b": not a chroot: Invalid path string "/a//b" caused by empty node name specified @3`},
		{"h/a/", "", "", `connect string "h/a/": "/a/": not a chroot: Path must not end with / character`},
	} {
		hosts, chroot, err := zkclient.ParseConnectString(tt.in)
		if tt.err != "" {
			var cse *zkclient.ConnectStringError
			if !errors.As(err, &cse) || err.Error() != tt.err {
				t.Errorf("%q: got %v\nwant %s", tt.in, err, tt.err)
			}
			continue
		}
		if err != nil || !slices.Equal(hosts, strings.Fields(tt.hosts)) || chroot != tt.chroot {
			t.Errorf("%q: %q %q %v", tt.in, hosts, chroot, err)
		}
	}
}

// What is parsed can be written and parsed again, and means the same.
func FuzzParseConnectString(f *testing.F) {
	for _, s := range []string{"h:1,[::1]:2/a", "::1", "h/", ","} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		hosts, chroot, err := zkclient.ParseConnectString(s)
		if err != nil {
			return
		}
		if chroot != "" && zkproto.ValidatePath(chroot) != nil {
			t.Fatalf("%q: chroot %q", s, chroot)
		}
		again, chroot2, err := zkclient.ParseConnectString(strings.Join(hosts, ",") + chroot)
		if err != nil || !slices.Equal(hosts, again) || chroot != chroot2 {
			t.Fatalf("%q: %q %q, then %q %q %v", s, hosts, chroot, again, chroot2, err)
		}
	})
}

// TestDial_NobodyThere is what a person sees who named the wrong address.
func TestDial_NobodyThere(t *testing.T) {
	checkGoroutines(t)
	port := peertest.FreePort(t)
	_, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: fmt.Sprintf("127.0.0.1:%d,nowhere.invalid", port)})
	want := fmt.Sprintf("no ZooKeeper server: 127.0.0.1:%d: connection refused; nowhere.invalid:2181: ", port)
	if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "dial tcp") {
		t.Errorf("got  %v\nwant %s…", err, want)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v does not wrap the reasons", err)
	}
}
