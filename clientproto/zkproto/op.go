package zkproto

import "strconv"

// OpCode is an operation's number, in request headers and in transaction headers.
// Source: org.apache.zookeeper.ZooDefs.OpCode.
type OpCode int32

const (
	OpCreate               OpCode = 1
	OpDelete               OpCode = 2
	OpExists               OpCode = 3
	OpGetData              OpCode = 4
	OpSetData              OpCode = 5
	OpGetACL               OpCode = 6
	OpSetACL               OpCode = 7
	OpGetChildren          OpCode = 8
	OpSync                 OpCode = 9
	OpPing                 OpCode = 11
	OpGetChildren2         OpCode = 12
	OpCheck                OpCode = 13
	OpMulti                OpCode = 14
	OpCreate2              OpCode = 15
	OpReconfig             OpCode = 16
	OpCheckWatches         OpCode = 17
	OpRemoveWatches        OpCode = 18
	OpCreateContainer      OpCode = 19
	OpDeleteContainer      OpCode = 20 // internal to servers
	OpCreateTTL            OpCode = 21
	OpMultiRead            OpCode = 22
	OpAuth                 OpCode = 100
	OpSetWatches           OpCode = 101
	OpSASL                 OpCode = 102
	OpGetEphemerals        OpCode = 103
	OpGetAllChildrenNumber OpCode = 104
	OpSetWatches2          OpCode = 105
	OpAddWatch             OpCode = 106
	OpWhoAmI               OpCode = 107
	OpCreateSession        OpCode = -10 // internal to servers
	OpCloseSession         OpCode = -11
	OpError                OpCode = -1 // transactions and multi results only
)

// OpInfo is what is known of an operation whatever it is asked for.
type OpInfo struct {
	Code  OpCode
	Name  string // as in ZooDefs.OpCode
	Short string // as the four-letter word cons prints it
	Write bool   // becomes a transaction
	// New returns an empty request record, nil where the operation has no body or is
	// not one that a client may send.
	New func() Record
}

// Ops has one row for each operation.
var Ops = [...]OpInfo{
	{OpCreate, "create", "CREA", true, rec[CreateRequest]},
	{OpDelete, "delete", "DELE", true, rec[PathVersionRequest]},
	{OpExists, "exists", "EXIS", false, rec[PathWatchRequest]},
	{OpGetData, "getData", "GETD", false, rec[PathWatchRequest]},
	{OpSetData, "setData", "SETD", true, rec[SetDataRequest]},
	{OpGetACL, "getACL", "GETA", false, rec[PathRequest]},
	{OpSetACL, "setACL", "SETA", true, rec[SetACLRequest]},
	{OpGetChildren, "getChildren", "GETC", false, rec[PathWatchRequest]},
	{OpSync, "sync", "SYNC", false, rec[PathRequest]},
	{OpPing, "ping", "PING", false, nil},
	{OpGetChildren2, "getChildren2", "GETC", false, rec[PathWatchRequest]},
	{OpCheck, "check", "CHEC", true, rec[PathVersionRequest]},
	{OpMulti, "multi", "MULT", true, rec[MultiRequest]},
	{OpCreate2, "create2", "CREA", true, rec[CreateRequest]},
	{OpReconfig, "reconfig", "RECO", true, rec[ReconfigRequest]},
	{OpCheckWatches, "checkWatches", "CHKW", false, rec[PathWatcherTypeRequest]},
	{OpRemoveWatches, "removeWatches", "REMW", false, rec[PathWatcherTypeRequest]},
	{OpCreateContainer, "createContainer", "CREA", true, rec[CreateRequest]},
	{OpDeleteContainer, "deleteContainer", "DELE", true, nil},
	{OpCreateTTL, "createTTL", "CREA", true, rec[CreateTTLRequest]},
	{OpMultiRead, "multiRead", "MLTR", false, rec[MultiRequest]},
	{OpAuth, "auth", "NA", false, rec[AuthRequest]},
	{OpSetWatches, "setWatches", "SETW", false, rec[SetWatchesRequest]},
	{OpSASL, "sasl", "NA", false, rec[TokenRecord]},
	{OpGetEphemerals, "getEphemerals", "GETE", false, rec[PathRequest]},
	{OpGetAllChildrenNumber, "getAllChildrenNumber", "GETACN", false, rec[PathRequest]},
	{OpSetWatches2, "setWatches2", "STW2", false, rec[SetWatches2Request]},
	{OpAddWatch, "addWatch", "ADDW", false, rec[AddWatchRequest]},
	{OpWhoAmI, "whoAmI", "HOMI", false, nil},
	{OpCreateSession, "createSession", "SESS", true, nil},
	{OpCloseSession, "closeSession", "CLOS", true, nil},
	{OpError, "error", "NA", false, nil},
}

func rec[T any, P interface {
	*T
	Record
}]() Record {
	return P(new(T))
}

// Info returns the row of an operation, and false where there is none.
func (c OpCode) Info() (OpInfo, bool) {
	for i := range Ops {
		if Ops[i].Code == c {
			return Ops[i], true
		}
	}
	return OpInfo{}, false
}

// String is the operation's name, or its number where it has none.
func (c OpCode) String() string {
	if row, ok := c.Info(); ok {
		return row.Name
	}
	return "op " + strconv.Itoa(int(c))
}

// Special xids: replies and events that are not answers to an ordinary request.
const (
	XidNotification int32 = -1
	XidPing         int32 = -2
	XidAuth         int32 = -4
	XidSetWatches   int32 = -8
)
