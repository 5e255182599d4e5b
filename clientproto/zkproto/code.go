package zkproto

import "strconv"

// Code is an error code of the protocol. A Code other than [OK] is an error, so that
// callers write errors.Is(err, zkproto.NoNode).
// Source: org.apache.zookeeper.KeeperException.Code.
type Code int32

const (
	OK                           Code = 0
	SystemError                  Code = -1
	RuntimeInconsistency         Code = -2
	DataInconsistency            Code = -3
	ConnectionLoss               Code = -4
	MarshallingError             Code = -5
	Unimplemented                Code = -6
	OperationTimeout             Code = -7
	BadArguments                 Code = -8
	UnknownSession               Code = -12
	NewConfigNoQuorum            Code = -13
	ReconfigInProgress           Code = -14
	APIError                     Code = -100
	NoNode                       Code = -101
	NoAuth                       Code = -102
	BadVersion                   Code = -103
	NoChildrenForEphemerals      Code = -108
	NodeExists                   Code = -110
	NotEmpty                     Code = -111
	SessionExpired               Code = -112
	InvalidCallback              Code = -113
	InvalidACL                   Code = -114
	AuthFailed                   Code = -115
	SessionMoved                 Code = -118
	NotReadOnly                  Code = -119
	EphemeralOnLocalSession      Code = -120
	NoWatcher                    Code = -121
	RequestTimeout               Code = -122
	ReconfigDisabled             Code = -123
	SessionClosedRequireSASLAuth Code = -124
	QuotaExceeded                Code = -125
	ThrottledOp                  Code = -127
)

// CodeInfo is one row of the error table.
type CodeInfo struct {
	Code    Code
	Name    string // Apache's name in KeeperException messages
	Meaning string // lower case, no full stop
	// Unknown: a request that ended so may or may not have been carried out.
	Unknown bool
}

// Codes has one row for each code.
var Codes = [...]CodeInfo{
	{OK, "ok", "no error", false},
	{SystemError, "SystemError", "the server failed", true},
	{RuntimeInconsistency, "RuntimeInconsistency", "the server found itself inconsistent", false},
	{DataInconsistency, "DataInconsistency", "the server found its data inconsistent", true},
	{ConnectionLoss, "ConnectionLoss", "connection lost", true},
	{MarshallingError, "MarshallingError", "request could not be decoded", false},
	{Unimplemented, "Unimplemented", "the server does not have this operation", false},
	{OperationTimeout, "OperationTimeout", "timed out", true},
	{BadArguments, "BadArguments", "bad arguments", false},
	{UnknownSession, "UnknownSession", "unknown session", false},
	{NewConfigNoQuorum, "NewConfigNoQuorum", "no quorum of the new configuration is connected and up to date", false},
	{ReconfigInProgress, "ReconfigInProgress", "another reconfiguration is in progress", false},
	{APIError, "APIError", "API error", false},
	{NoNode, "NoNode", "no such znode", false},
	{NoAuth, "NoAuth", "not permitted by the ACL", false},
	{BadVersion, "BadVersion", "version does not match", false},
	{NoChildrenForEphemerals, "NoChildrenForEphemerals", "an ephemeral znode cannot have children", false},
	{NodeExists, "NodeExists", "znode exists already", false},
	{NotEmpty, "Directory not empty", "znode has children", false},
	{SessionExpired, "Session expired", "session expired", true},
	{InvalidCallback, "Invalid callback", "invalid callback", false},
	{InvalidACL, "InvalidACL", "invalid ACL", false},
	{AuthFailed, "AuthFailed", "authentication failed", false},
	{SessionMoved, "Session moved", "session moved to another server", false},
	{NotReadOnly, "Not a read-only call", "the server is read-only", false},
	{EphemeralOnLocalSession, "Ephemeral node on local session", "a local session cannot have ephemeral znodes", false},
	{NoWatcher, "No such watcher", "no such watch", false},
	{RequestTimeout, "Request timeout", "request timed out", true},
	{ReconfigDisabled, "Reconfig is disabled", "reconfig is disabled on the server", false},
	{SessionClosedRequireSASLAuth, "Session closed because client failed to authenticate", "the server requires authentication", false},
	{QuotaExceeded, "Quota has exceeded", "quota exceeded", false},
	{ThrottledOp, "Op throttled due to high load", "the server is overloaded", false},
}

// Info returns the row of a code, and false where there is none.
func (c Code) Info() (CodeInfo, bool) {
	for i := range Codes {
		if Codes[i].Code == c {
			return Codes[i], true
		}
	}
	return CodeInfo{}, false
}

// Error is the code's meaning in words.
func (c Code) Error() string {
	if row, ok := c.Info(); ok {
		return row.Meaning
	}
	return "ZooKeeper error " + strconv.Itoa(int(c))
}

// String is Apache's name of the code, as in "KeeperErrorCode = NoNode".
func (c Code) String() string {
	if row, ok := c.Info(); ok {
		return row.Name
	}
	return "code " + strconv.Itoa(int(c))
}

// Err is nil for [OK] and the code itself otherwise.
func (c Code) Err() error {
	if c == OK {
		return nil
	}
	return c
}

// OutcomeUnknown says that a write that ended with c may or may not have taken effect.
func (c Code) OutcomeUnknown() bool {
	row, ok := c.Info()
	return !ok || row.Unknown
}
