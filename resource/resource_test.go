package resource

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kurir/message"
	"kurir/store"
)

func parse(t *testing.T, query string) (Query, []Error) {
	t.Helper()
	params, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return Messages().Parse(params, "46")
}

func TestParse(t *testing.T) {
	t.Parallel()
	november := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	newest := Order{Field: "id", Descending: true}
	tests := []struct {
		query string
		want  Query
	}{
		{"", Query{Order: newest, Limit: 50}},
		{"limit=1000&sort=id", Query{Order: Order{Field: "id"}, Limit: 1000}},
		{"sort=-id", Query{Order: newest, Limit: 50}},
		{"state=delivered", Query{Order: newest, Limit: 50, Filters: []Filter{{"state", Any, []Value{{Text: "delivered"}}}}}},
		{"state=delivered,%20expired", Query{Order: newest, Limit: 50, Filters: []Filter{{"state", Any, []Value{{Text: "delivered"}, {Text: "expired"}}}}}},
		{"to=%2B46701234567", Query{Order: newest, Limit: 50, Filters: []Filter{{"to", Equal, []Value{{Text: "46701234567"}}}}}},
		{"to=+46+70-123+45+67", Query{Order: newest, Limit: 50, Filters: []Filter{{"to", Equal, []Value{{Text: "46701234567"}}}}}},
		{"to=070-123+45+67", Query{Order: newest, Limit: 50, Filters: []Filter{{"to", Equal, []Value{{Text: "46701234567"}}}}}},
		{"to=0046701234567", Query{Order: newest, Limit: 50, Filters: []Filter{{"to", Equal, []Value{{Text: "46701234567"}}}}}},
		{"to=72456", Query{Order: newest, Limit: 50, Filters: []Filter{{"to", Equal, []Value{{Text: "72456"}}}}}},
		{"from=24/7", Query{Order: newest, Limit: 50, Filters: []Filter{{"from", Equal, []Value{{Text: "24/7"}}}}}},
		{"from=ACME", Query{Order: newest, Limit: 50, Filters: []Filter{{"from", Equal, []Value{{Text: "ACME"}}}}}},
		{"since=2026-11-01&until=2026-11-01T01:00:00%2B01:00", Query{Order: newest, Limit: 50, Filters: []Filter{
			{"accepted", From, []Value{{Time: november}}}, {"accepted", Until, []Value{{Time: november}}},
		}}},
		{"since=1793491200", Query{Order: newest, Limit: 50, Filters: []Filter{{"accepted", From, []Value{{Time: november}}}}}},
	}
	for _, test := range tests {
		got, errs := parse(t, test.query)
		if len(errs) > 0 {
			t.Errorf("%s: %v", test.query, errs)
		}
		if diff := cmp.Diff(test.want, got, cmpopts.IgnoreUnexported(Query{})); diff != "" {
			t.Errorf("%s: %s", test.query, diff)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		query string
		want  []string // parameter and part of what is said
	}{
		{"limit=0", []string{"limit: is not a number from 1 to 1000"}},
		{"limit=1001", []string{"limit: "}},
		{"limit=ten", []string{"limit: "}},
		{"sort=colour", []string{`sort: "colour" is nothing to sort by; there are id`}},
		{"sort=to", []string{"sort: "}},
		{"state=gone", []string{`state: "gone" is not one of scheduled, queued`}},
		{"state=", []string{"state: is empty"}},
		{"state=delivered,", []string{"state: is empty"}},
		{"colour=blue", []string{"colour: is no parameter of this list; there are state, to, from, reference, link, dimension, account, since, until, id, sort, limit, cursor"}},
		{"accepted=2026-11-01", []string{"accepted: is no parameter"}},
		{"since=yesterday", []string{"since: "}},
		{"to=1&to=2", []string{"to: is given more than once"}},
		{"cursor=xyz", []string{"cursor: does not come from this list"}},
		{"cursor=" + strings.Repeat("A", 1000), []string{"cursor: "}},
		{"state=" + strings.Repeat("sent,", 101) + "sent", []string{"state: has more than 100 values"}},
		{"reference=" + strings.Repeat("a", 300), []string{"reference: is longer"}},
		{"reference=" + strings.Repeat("a", 1<<20), []string{"reference: is too long"}},
		{"until=x&limit=x&state=x", []string{"limit: ", "state: ", "until: "}},
	}
	for _, test := range tests {
		_, errs := parse(t, test.query)
		if len(errs) != len(test.want) {
			t.Errorf("%.60s: %v, want %v", test.query, errs, test.want)
			continue
		}
		for i, want := range test.want {
			if !strings.HasPrefix(errs[i].Error(), want) {
				t.Errorf("%.60s: %q, want %q", test.query, errs[i].Error(), want)
			}
			if len(errs[i].Text) > 400 {
				t.Errorf("%.60s: %d octets about it", test.query, len(errs[i].Text))
			}
		}
	}
}

// The address of the next page leads to the same question behind the last row.
func TestNext(t *testing.T) {
	t.Parallel()
	q, errs := parse(t, "state=delivered,sent&to=%2B46701234567&limit=7")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	next, err := url.Parse(Messages().Next("/v1/messages", q, 123456789012345))
	if err != nil {
		t.Fatal(err)
	}
	if next.Path != "/v1/messages" {
		t.Errorf("path %s", next.Path)
	}
	again, errs := Messages().Parse(next.Query(), "46")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	q.After = 123456789012345
	if diff := cmp.Diff(q, again, cmpopts.IgnoreUnexported(Query{})); diff != "" {
		t.Error(diff)
	}
	if q.params.Has("cursor") {
		t.Error("the request itself has changed")
	}

	// Another list, or another order, does not take the cursor.
	if _, errs := Inbound().Parse(url.Values{"cursor": {next.Query().Get("cursor")}}, ""); len(errs) != 1 {
		t.Errorf("inbound takes a cursor of messages: %v", errs)
	}
	other := next.Query()
	other.Set("sort", "id")
	if _, errs := Messages().Parse(other, "46"); len(errs) != 1 || errs[0].Param != "cursor" {
		t.Errorf("another order: %v", errs)
	}
}

func TestMessageFilter(t *testing.T) {
	t.Parallel()
	q, errs := parse(t, "state=delivered,sent&to=%2B46701234567&from=ACME&reference=r&link=op1&since=2026-11-01&until=2026-11-02&limit=7&sort=id")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	q.After = 99
	want := store.Filter{
		Account: "acme", States: []message.State{message.Delivered, message.Sent},
		To: message.Address{Number: "46701234567"}, From: message.Address{Number: "ACME"}, Reference: "r", Link: "op1",
		Since: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC),
		Oldest: true, After: 99, Limit: 7,
	}
	if diff := cmp.Diff(want, MessageFilter(q, "acme")); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, query := range []string{"", "state=sent,&limit=3", "cursor=AQ", "to=+46", "since=2026-11-01T00:00:00 01:00", "sort=-id&sort=id"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		params, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		q, errs := Messages().Parse(params, "46")
		if len(errs) > 0 {
			return
		}
		if q.Limit < 1 || q.Limit > MaxLimit {
			t.Fatalf("limit %d", q.Limit)
		}
		next, err := url.Parse(Messages().Next("/x", q, q.After+1))
		if err != nil {
			t.Fatal(err)
		}
		again, errs := Messages().Parse(next.Query(), "46")
		if len(errs) > 0 || again.After != q.After+1 {
			t.Fatalf("%q: %+v %v", query, again, errs)
		}
	})
}
