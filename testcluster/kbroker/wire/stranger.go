package wire

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// httpMethods are the first four bytes of HTTP requests.
var httpMethods = []string{"GET ", "HEAD", "POST", "PUT ", "DELE", "OPTI", "PATC", "CONN", "TRAC", "PRI "}

// stranger names the protocol of a client that has come to the wrong port, by the four bytes where a frame's length
// should be; "" where they tell nothing.
func stranger(head uint32) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], head)
	word := string(b[:])
	switch {
	case b[0] == 0x16 && b[1] == 3: // a handshake record of any version
		return "a TLS handshake, on a listener without TLS"
	case word == "SSH-":
		return "an SSH client, on Kafka's port"
	case strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == "":
		return fmt.Sprintf("ZooKeeper's four-letter word %s, on Kafka's port", word)
	}
	for _, m := range httpMethods {
		if word == m {
			return "an HTTP request, on Kafka's port"
		}
	}
	return ""
}

// isZooKeeperConnect says whether a connection's first frame is what a ZooKeeper client begins with: a protocol version
// of 0, which is Produce version 0 here, zxid, timeout, session id and a password of 16 bytes, and since 3.4 a flag.
func isZooKeeperConnect(frame []byte) bool {
	const password = 4 + 8 + 4 + 8 // where its length stands
	return (len(frame) == password+4+16 || len(frame) == password+4+16+1) &&
		binary.BigEndian.Uint32(frame) == 0 && binary.BigEndian.Uint32(frame[password:]) == 16
}
