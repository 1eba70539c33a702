package message

import (
	"strings"
	"testing"
)

func TestHostPortProblem(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		address string
		least   int
		want    string // part of the problem; empty for none
	}{
		{"smsc.example:2775", 1, ""},
		{"192.0.2.1:1", 1, ""},
		{"[2001:db8::1]:65535", 1, ""},
		{"[fe80::1%eth0]:2775", 1, ""},
		{":2775", 0, ""},
		{"127.0.0.1:0", 0, ""},
		{":2775", 1, "is not host:port, such as here:1"},
		{"127.0.0.1:0", 1, "from 1 to 65535"},
		{"smsc.example", 1, "is not host:port"},
		{"smsc.example:", 1, "is not host:port"},
		{"", 0, "is not host:port"},
		{"http://smsc.example:80", 1, "is not host:port"},
		{"smsc.example:65536", 0, "from 0 to 65535"},
		{"smsc.example:-1", 0, "from 0 to 65535"},
		{"smsc.example:0080", 1, "from 1 to 65535"},
		{"smsc.example:smpp", 1, "from 1 to 65535"},
		{"2001:db8::1:2775", 1, "brackets"},
		{"[192.0.2.1]:2775", 1, "brackets"},
		{"[2001:db8::1:2775", 1, "brackets"},
		{"[2001:db8::1]x:2775", 1, "brackets"},
	} {
		got := HostPortProblem(test.address, test.least, "here:1")
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%q from %d: %q, want %q", test.address, test.least, got, test.want)
		}
	}
}
