package zoocfg

import (
	"fmt"

	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// Server is the configuration of a standalone server. Listeners, logger and clock are the caller's to fill in. The
// error wraps ErrEnsemble where the file asks for more than one server.
func (c *Config) Server() (zkserver.Config, error) {
	if e := &c.Ensemble; e.Distributed() {
		return zkserver.Config{}, &Error{Origin: e.Members[0].Origin, Err: ErrEnsemble, Reason: fmt.Sprintf(
			"the configuration has %d servers; %v, with at most one server line", len(e.Members), ErrEnsemble)}
	}
	l, r := &c.Log, &c.Requests
	return zkserver.Config{
		DataDir: c.DataDir, LogDir: c.DataLogDir,
		TickTime: c.TickTime, MinSessionTimeout: c.MinSessionTimeout, MaxSessionTimeout: c.MaxSessionTimeout,
		SessionlessTimeout: r.SessionlessTimeout,

		MaxClientCnxns: offIsNegative(c.MaxClientCnxns), MaxCnxns: max(c.MaxCnxns, 0),
		JuteMaxBuffer: r.MaxBuffer, GlobalOutstandingLimit: r.OutstandingLimit,

		SnapCount: l.SnapCount, Compression: txnlog.Compression(l.Compression), NoSync: !l.ForceSync,
		PreAlloc: int64(offIsNegative(l.PreAllocKB)) << 10, LogSizeLimit: max(int64(l.SizeLimitKB), 0) << 10,
		MaxBatch: l.MaxBatch, FlushDelay: l.FlushDelay, SlowSync: l.FsyncWarning,
		NoCreate: !l.CreateDirs, TrustEmpty: l.TrustEmpty, PurgeInterval: max(l.PurgeInterval, 0), PurgeRetainCount: l.Retain,

		ExtendedTypes: r.ExtendedTypes, Emulate353TTL: r.Emulate353, EnforceQuota: r.EnforceQuota,
		Reconfig: c.Ensemble.Reconfig, SkipACL: r.SkipACL,
		SuperDigest: c.Auth.SuperDigest, DigestAlg: c.Auth.DigestAlg, NoDigestAuth: !c.Auth.DigestEnabled,
		SASLUsers: c.Auth.Users, SASLSuper: c.Auth.SASLSuper, RequireAuth: c.Auth.EnforceSchemes,

		ContainerCheck: r.ContainerCheck, ContainerPerMinute: r.ContainerPerMinute, ContainerNeverUsed: r.ContainerNeverUsed,
		Words: append([]string{}, c.FourLetterWords...),
	}, nil
}

// offIsNegative turns a file's 0, which is off, into zkserver's.
func offIsNegative(n int) int {
	if n == 0 {
		return -1
	}
	return n
}
