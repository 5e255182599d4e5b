package zoocfg

import (
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// Server is the configuration of the server that the file describes, standalone or a member of an ensemble. Listeners,
// logger, clock and network are the caller's to fill in.
func (c *Config) Server() zkserver.Config {
	l, r := &c.Log, &c.Requests
	s := zkserver.Config{
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
	}
	if e := &c.Ensemble; e.Distributed() {
		s.ServerID, s.Ensemble = e.MyID, e.server()
	}
	return s
}

// offIsNegative turns a file's 0, which is off, into zkserver's.
func offIsNegative(n int) int {
	if n == 0 {
		return -1
	}
	return n
}
