# inits.awk ALLOWED TRACE: TRACE has GODEBUG=inittrace=1 lines of several runs,
#   init net/http @1.2 ms, 0.034 ms clock, 4096 bytes, 12 allocs
# ALLOWED has a package, its limit in ms and the reason on a line. Prints the slowest ten, and fails if one is over.
/^[[:space:]]*(#|$)/ { next }
FNR == NR { allowed[$1] = $2; next }
{
	if (!($2 in best) || $5 < best[$2]) best[$2] = $5
}
END {
	for (p in best) {
		n++
		max = (p in allowed) ? allowed[p] : limit
		row[n] = sprintf("%8.3f ms of %.1f  %s", best[p], max, p)
		total += best[p]
		if (best[p] > max) over[++overs] = p
	}
	if (n == 0) {
		print "no init was traced"
		exit 1
	}
	sorter = "sort -rn | head -n 10"
	for (i = 1; i <= n; i++) print row[i] | sorter
	close(sorter)
	printf "%8.3f ms in all %d inits\n", total, n
	for (i = 1; i <= overs; i++) print "over its limit: " over[i]
	exit overs > 0
}
