package main

import (
	"bytes"
	"testing"
)

// The rules that were looked at are a line each, then the links in order.
func TestRouteExplain(t *testing.T) {
	t.Parallel()
	const answer = `{"to":"+46701234567","from":"ACME","encoding":"gsm7","parts":1,"price":"0.20","currency":"EUR","rewriting":[{"rule":0,"name":"account acme: source[0]","matched":true,"why":"Bank becomes ACME"}],"routes":[{"rule":0,"name":"night","matched":false,"why":"Mon 12:00 UTC is not within when: 22:00-06:00"},` +
		`{"rule":1,"name":"all","matched":true,"why":"goes by op1, then op2"}],"candidates":[{"link":"op1","up":false,"price":"0.20","priced_by":{"list":"standard","network":"24001","link":"op1","price":"0.20"}},{"link":"op2","up":true,"price":"0.15","priced_by":{"list":"standard","destination":"+46","price":"0.15"}}]}`
	const want = "to +46701234567 from ACME: gsm7, 1 part, at most 0.20 EUR\n" +
		"  night  Mon 12:00 UTC is not within when: 22:00-06:00\n" +
		"* all    goes by op1, then op2\n" +
		"sender and recipient:\n* account acme: source[0]  Bank becomes ACME\n" +
		"1. op1, down, 0.20 EUR by 24001 op1 of standard\n2. op2, up, 0.15 EUR by +46 of standard\n"
	var out bytes.Buffer
	if err := remoteTo(t, 200, answer).explainRoute(t.Context(), &out, &routeQuestion{To: "+46701234567"}); err != nil || out.String() != want {
		t.Errorf("it says %q, %v", out.String(), err)
	}
}
