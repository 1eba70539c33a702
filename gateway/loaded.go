package gateway

// Congestion returns how loaded acceptance is, 0 (idle) to 99 (no more can be
// taken), as SMPP 5.0's congestion_state has it (4.8.4.18): by the submissions
// that wait for a commit; at least 80 while customers wait to be let in.
func (g *Gateway) Congestion() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.full != nil {
		return 99
	}
	n := (len(g.cur.Accepted) + g.applying) * 100 / g.opt.MaxGathered
	if g.applicants.len() > 0 {
		n = max(n, 80)
	}
	return min(n, 99)
}
