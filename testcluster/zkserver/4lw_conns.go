package zkserver

import (
	"fmt"
	"io"
	"net"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// wordStat prints the server's figures with a short line for each connection. Source: StatCommand.
func wordStat(s *Server, _ []byte, out io.Writer) {
	fmt.Fprintf(out, "Zookeeper version: %s\nClients:\n", Version())
	for _, c := range s.Conns() {
		fmt.Fprintf(out, " %s(%s)\n", c.label(), c.packets())
	}
	fmt.Fprintln(out)
	s.writeFigures(out)
}

// wordCons prints all there is to know of each connection. Source: ConsCommand, NIOServerCnxn.dumpConnectionInfo.
func wordCons(s *Server, _ []byte, out io.Writer) {
	for _, c := range s.Conns() {
		fmt.Fprintf(out, " %s(%s", c.label(), c.packets())
		if c.Session != 0 {
			fmt.Fprintf(out, ",sid=%v,lop=%s,est=%d,to=%d", c.Session, c.LastOpName(), c.Established.UnixMilli(), c.Timeout.Milliseconds())
			if c.LastCxid >= 0 {
				fmt.Fprintf(out, ",lcxid=0x%x", c.LastCxid)
			}
			fmt.Fprintf(out, ",lzxid=%s,lresp=%d,llat=%d,minlat=%d,avglat=%d,maxlat=%d", hex(c.LastZxid),
				c.LastReply.UnixMilli(), c.LastLatency, c.MinLatency, int64(c.AvgLatency), c.MaxLatency)
		}
		fmt.Fprintln(out, ")")
	}
	fmt.Fprintln(out)
}

func wordCrst(s *Server, _ []byte, out io.Writer) {
	s.ResetConnStats()
	fmt.Fprintln(out, "Connection stats reset.")
}

func wordSrst(s *Server, _ []byte, out io.Writer) {
	s.ResetStats()
	fmt.Fprintln(out, "Server stats reset.")
}

// label is /host:port[1]: the number is the interest in the socket's events, reading for a session and none for one
// of these words.
func (c *ConnStats) label() string {
	interest := 0
	if c.Session != 0 {
		interest = 1
	}
	return fmt.Sprintf("%s[%d]", javaAddr(c.Addr), interest)
}

func (c *ConnStats) packets() string {
	return fmt.Sprintf("queued=%d,recved=%d,sent=%d", c.Outstanding, c.Received, c.Sent)
}

// javaAddr writes an address as InetSocketAddress.toString does. Java has no short form of IPv6.
func javaAddr(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	ip := tcp.IP.To16()
	if tcp.IP.To4() != nil || ip == nil {
		return "/" + tcp.String()
	}
	text := ""
	for i := 0; i < len(ip); i += 2 {
		if i > 0 {
			text += ":"
		}
		text += fmt.Sprintf("%x", int(ip[i])<<8|int(ip[i+1]))
	}
	if tcp.Zone != "" {
		text += "%" + tcp.Zone
	}
	return fmt.Sprintf("/[%s]:%d", text, tcp.Port)
}

// hex writes a zxid as Java's Long.toHexString does: -1 has all its digits.
func hex(z zkproto.Zxid) string { return fmt.Sprintf("0x%x", uint64(z)) }

// opNames are the short names of requests. Source: Request.op2String.
var opNames = map[zkproto.OpCode]string{
	zkproto.OpCreateSession: "SESS", zkproto.OpCreate: "CREA", zkproto.OpCreate2: "CREA", zkproto.OpCreateTTL: "CREA",
	zkproto.OpCreateContainer: "CREA", zkproto.OpDelete: "DELE", zkproto.OpDeleteContainer: "DELE",
	zkproto.OpExists: "EXIS", zkproto.OpGetData: "GETD", zkproto.OpSetData: "SETD", zkproto.OpGetACL: "GETA",
	zkproto.OpSetACL: "SETA", zkproto.OpGetChildren: "GETC", zkproto.OpGetChildren2: "GETC", zkproto.OpSync: "SYNC",
	zkproto.OpPing: "PING", zkproto.OpMulti: "MULT", zkproto.OpMultiRead: "MLTR", zkproto.OpCheck: "CHEC",
	zkproto.OpReconfig: "RECO", zkproto.OpCloseSession: "CLOS", zkproto.OpSetWatches: "SETW",
	zkproto.OpSetWatches2: "STW2", zkproto.OpAddWatch: "ADDW", zkproto.OpCheckWatches: "CHKW",
	zkproto.OpRemoveWatches: "REMW", zkproto.OpGetEphemerals: "GETE", zkproto.OpGetAllChildrenNumber: "GETACN",
	zkproto.OpWhoAmI: "HOMI",
}

// LastOpName is ZooKeeper's short name of the last operation, NA where there was none.
func (c *ConnStats) LastOpName() string {
	if name := opNames[c.LastOp]; c.HasOp && name != "" {
		return name
	}
	return "NA"
}
