package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"kurir/alarm"
	"kurir/message"
)

// TestNodes shows the servers that share the database to admins only.
func TestNodes(t *testing.T) {
	t.Parallel()
	nodes := func() Nodes {
		return Nodes{Valid: true, Held: 2, Nodes: []Node{
			{
				Name: "a", Self: true, State: "live", Term: 3, Renewed: time.Date(2026, 11, 5, 8, 0, 0, 0, time.UTC), Host: "sms1", Process: 812,
				Version: "v1", Links: []string{"op1"}, Leases: []string{"op1/1", "op1/2"}, Open: map[string]int{"op1": 1, "op2": 0},
			},
			{Name: "b", Number: 1, State: "gone", Term: 8},
		}}
	}
	o := (&fakeGateway{}).options()
	o.Nodes = nodes
	h := NewHTTP(o)
	const a = `{"name":"a","number":0,"self":true,"state":"live","term":3,"renewed":"2026-11-05T08:00:00.000Z","host":"sms1","process":812,` +
		`"version":"v1","links":["op1"],"leases":["op1/1","op1/2"],"open":{"op1":1},"file_differs":false}`
	const b = `{"name":"b","number":1,"self":false,"state":"gone","term":8,"host":"","process":0,"version":"","links":[],"leases":[],"open":{},"file_differs":false}`
	for path, want := range map[string]string{
		"/v1/nodes":                         `{"nodes":[` + a + "," + b + "]}\n",
		"/v1/nodes?sort=-number":            `{"nodes":[` + b + "," + a + "]}\n",
		"/v1/nodes?state=live,silent":       `{"nodes":[` + a + "]}\n",
		"/v1/nodes?name=b&sort=state,-name": "",
	} {
		w := ask(h, http.MethodGet, path, "", "Authorization", "Bearer root-key")
		switch {
		case want == "" && w.Code == http.StatusOK:
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		case want != "" && (w.Code != http.StatusOK || w.Body.String() != want):
			t.Errorf("%s: %d %s, want %s", path, w.Code, w.Body, want)
		}
	}
	for ahead, want := range map[time.Duration]string{
		29 * time.Second: "ready\n",
		-7 * time.Minute: "ready\nthe clock of this machine is 7m0s behind that of the database, whose time is used: set one of them right\n",
	} {
		o.Nodes = func() Nodes { return Nodes{Ahead: ahead, Valid: true} }
		if w := ask(NewHTTP(o), http.MethodGet, "/readyz", ""); w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%v ahead: readyz: %d %s, want %s", ahead, w.Code, w.Body, want)
		}
	}
	o.Nodes = func() Nodes { return Nodes{} }
	if w := ask(NewHTTP(o), http.MethodGet, "/readyz", ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "database") {
		t.Errorf("readyz of a server that does not reach the database: %d %s", w.Code, w.Body)
	}
	o.Nodes = nodes
	book := alarm.NewBook()
	book.Load([]alarm.Event{{ID: message.NewIDs(1, 0).Next(testEpoch), Kind: alarm.Disk, Subject: "data"}}, 0)
	o.Alarms.Book = book
	if w := ask(NewHTTP(o), http.MethodGet, "/v1/alarms/events", "", "Authorization", "Bearer root-key"); !strings.Contains(w.Body.String(), `"node":"b"`) {
		t.Errorf("an alarm of another server: %s", w.Body)
	}
	if w := ask(h, http.MethodGet, "/v1/nodes", "", "Authorization", "Bearer acme-key"); w.Code != http.StatusForbidden {
		t.Errorf("acme: %d %s", w.Code, w.Body)
	}
	r := prometheus.NewRegistry()
	r.MustRegister(NodeMetrics(nodes)...)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got = append(got, fmt.Sprint(name, " ", m.GetGauge().GetValue()))
		}
	}
	want := []string{"kurir_clock_ahead_seconds 0", "kurir_leases_held 2", "kurir_node_valid 1", "kurir_nodes gone 1", "kurir_nodes live 1", "kurir_nodes silent 0", "kurir_nodes_file_differs 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
