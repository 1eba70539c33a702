package gateway

import (
	"context"
	"errors"
	"testing"

	"kurir/connector"
	"kurir/message"
)

// tapped is a link that can be traced.
type tapped struct{ tap connector.Tap }

func (l *tapped) Run(context.Context, connector.Core)                      {}
func (l *tapped) Send(uint32, []*connector.Outgoing) []*connector.Outgoing { return nil }
func (l *tapped) Stats() []connector.SessionStats                          { return []connector.SessionStats{{Session: 7}} }
func (l *tapped) SetTrace(tap connector.Tap)                               { l.tap = tap }

// A trace outlasts the connector of its link; what cannot be traced is said.
func TestTraceLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		tap := func(message.Dialect, uint32, bool, []byte) {}
		var wrong *LinkError
		if err := w.TraceLink("nobody", 0, tap); !errors.As(err, &wrong) || !wrong.Missing {
			t.Errorf("a link that is not there can be traced: %v", err)
		}
		w.fakeLink("op2")
		if err := w.TraceLink("op2", 0, tap); !errors.As(err, &wrong) || wrong.Missing {
			t.Errorf("a link of another kind can be traced: %v", err)
		}
		if err := w.TraceLink("op1", 7, tap); !errors.As(err, &wrong) || !wrong.Missing {
			t.Errorf("a session of a link that is stopped can be traced: %v", err)
		}
		one, two, three := &tapped{}, &tapped{}, &tapped{}
		w.Attach("op1", one)
		if err := w.TraceLink("op1", 8, tap); !errors.As(err, &wrong) || !wrong.Missing || one.tap != nil {
			t.Errorf("a session that is not there can be traced: %v", err)
		}
		if err := w.TraceLink("op1", 7, tap); err != nil || one.tap == nil {
			t.Errorf("the link is not traced: %v", err)
		}
		w.Attach("op1", nil)
		w.Attach("op1", two)
		if two.tap == nil {
			t.Error("the link is not traced after it was opened anew")
		}
		if w.TraceLink("op1", 0, nil) != nil || two.tap != nil {
			t.Error("the trace does not end")
		}
		w.Attach("op1", three)
		if three.tap != nil {
			t.Error("the trace begins again")
		}
	})
}
