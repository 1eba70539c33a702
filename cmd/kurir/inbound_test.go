package main

import (
	"bytes"
	"testing"
)

// The rules that were looked at are a line each, then where the message goes.
func TestInboundExplain(t *testing.T) {
	t.Parallel()
	const answer = `{"to":"72456","from":"+46701234567","rules":[{"rule":0,"name":"info","matched":false,"why":"no such word"},` +
		`{"rule":1,"name":"72456","matched":true,"why":"webhook http://a"}],"account":"acme","goes":["webhook http://a"]}`
	const want = "to 72456 from +46701234567\n  info   no such word\n* 72456  webhook http://a\nit is acme's\n1. webhook http://a\n"
	var out bytes.Buffer
	if err := remoteTo(t, 200, answer).explainInbound(t.Context(), &out, &inboundQuestion{To: "72456"}); err != nil || out.String() != want {
		t.Errorf("it says %q, %v", out.String(), err)
	}
}
