package gateway

import "kurir/connector"

// TraceLink has tap see the PDUs of a link from now on, also after its sessions
// or its settings have changed; nil has nobody see them. False when there is no
// such link, or its protocol cannot be traced.
func (g *Gateway) TraceLink(name string, tap connector.Tap) bool {
	g.mu.Lock()
	l := g.links[name]
	if l == nil {
		g.mu.Unlock()
		return false
	}
	t, ok := l.conn.(connector.Tracer)
	_, known := g.snap.Load().Links[name]
	if !ok && (l.conn != nil || !known) && tap != nil {
		g.mu.Unlock()
		return false
	}
	l.tap = tap
	g.mu.Unlock()
	if ok {
		t.SetTrace(tap)
	}
	return true
}
