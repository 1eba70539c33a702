package gateway

import (
	"slices"

	"kurir/connector"
)

// TraceLink has tap see the PDUs of a link from now on, also after its sessions
// or its settings have changed; nil has nobody see them. The link must have the
// session of that number, unless it is 0; to choose among PDUs is tap's part.
// The error is a *LinkError.
func (g *Gateway) TraceLink(name string, session uint32, tap connector.Tap) error {
	conn := g.linkConnector(name)
	missing := tap != nil && session != 0 && !hasSession(conn, session) // its Stats are not for under the lock
	g.mu.Lock()
	l := g.links[name]
	_, known := g.snap.Load().Links[name]
	if l == nil || !known && l.conn == nil && tap != nil {
		g.mu.Unlock()
		return noLink(name)
	}
	t, able := l.conn.(connector.Tracer)
	switch {
	case tap == nil:
	case !able && l.conn != nil:
		g.mu.Unlock()
		return &LinkError{Text: "the link " + name + " cannot be traced"}
	case missing:
		g.mu.Unlock()
		return noSession(name)
	}
	l.tap = tap
	g.mu.Unlock()
	if able {
		t.SetTrace(tap)
	}
	return nil
}

// hasSession tells whether a link, which may be stopped, has a session of that
// number.
func hasSession(conn connector.Connector, session uint32) bool {
	return conn != nil && slices.ContainsFunc(conn.Stats(), func(s connector.SessionStats) bool { return s.Session == session })
}
