package gateway

import (
	"context"
	"testing"

	"kurir/connector"
)

// tapped is a link that can be traced.
type tapped struct{ tap connector.Tap }

func (l *tapped) Run(context.Context, connector.Core) {}
func (l *tapped) Send(uint32, []*connector.Outgoing)  {}
func (l *tapped) Stats() []connector.SessionStats     { return nil }
func (l *tapped) SetTrace(tap connector.Tap)          { l.tap = tap }

// A trace outlasts the connector of its link; what cannot be traced is said.
func TestTraceLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		tap := func(uint32, bool, []byte) {}
		if w.TraceLink("nobody", tap) {
			t.Error("a link that is not there can be traced")
		}
		w.fakeLink("op2")
		if w.TraceLink("op2", tap) {
			t.Error("a link of another kind can be traced")
		}
		one, two, three := &tapped{}, &tapped{}, &tapped{}
		w.Attach("op1", one)
		if !w.TraceLink("op1", tap) || one.tap == nil {
			t.Error("the link is not traced")
		}
		w.Attach("op1", nil)
		w.Attach("op1", two)
		if two.tap == nil {
			t.Error("the link is not traced after it was opened anew")
		}
		if !w.TraceLink("op1", nil) || two.tap != nil {
			t.Error("the trace does not end")
		}
		w.Attach("op1", three)
		if three.tap != nil {
			t.Error("the trace begins again")
		}
	})
}
