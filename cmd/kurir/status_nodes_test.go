package main

import (
	"bytes"
	"testing"
)

// TestStatusNodes prints the servers where there are several, and nothing of one
// that is alone.
func TestStatusNodes(t *testing.T) {
	t.Parallel()
	a := `{"name":"a","number":0,"self":true,"state":"live","host":"sms1","process":812,"version":"v1","file":"0a1b2c","file_differs":true,"clock_ahead_seconds":420.1,"leases":["op1/1","op1/2"]}`
	b := `{"name":"b","number":1,"state":"gone","host":"sms2","process":7,"version":"v1","leases":[]}`
	for answer, want := range map[string]string{
		`{"nodes":[` + a + `]}`: "",
		`{"nodes":[` + a + "," + b + `]}`: "NODE      NUMBER  STATE                RENEWED  HOST  PROCESS  VERSION  FILE            HOLDS\n" +
			"a (this)  0       live, clock +420.1s  -        sms1  812      v1       0a1b2c DIFFERS  op1/1 op1/2\n" +
			"b         1       gone                 -        sms2  7        v1       -               -\n\n",
	} {
		var out bytes.Buffer
		if err := remoteTo(t, 200, answer).statusNodes(t.Context(), &out); err != nil || out.String() != want {
			t.Errorf("it prints\n%s%v, want\n%s", out.String(), err, want)
		}
	}
}
