package prep

// overQuota says whether a change breaks a hard limit of the quota that the path lies
// under. As in Apache, usage is what the tree has: changes under way are not counted; and a
// change for the smaller is refused too while it leaves too much.
// Source: ZooKeeperServer.checkQuota.
func (p *Prep) overQuota(path string, bytes, count int) bool {
	if !p.opts.EnforceQuota {
		return false
	}
	_, limits, usage, ok := p.overlay.tree.QuotaRoot(path)
	if !ok {
		return false
	}
	over := func(diff int, used, hard int64) bool {
		return diff != 0 && hard > -1 && used+int64(diff) > hard
	}
	return over(count, usage.Count, limits.CountHardLimit) || over(bytes, usage.Bytes, limits.ByteHardLimit)
}
