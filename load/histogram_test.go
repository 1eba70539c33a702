package load

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHistogram holds that what is read from it is at most 1.6 % above the truth, and never below.
func TestHistogram(t *testing.T) {
	t.Parallel()
	var h, a, b histogram
	var all []time.Duration
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 100_000 {
		d := time.Duration(random.ExpFloat64() * float64(20*time.Millisecond)).Truncate(time.Microsecond)
		all = append(all, d)
		if i%2 == 0 {
			a.add(d)
		} else {
			b.add(d)
		}
	}
	h.merge(&a)
	h.merge(&b)
	slices.Sort(all)
	for _, q := range []float64{0.001, 0.5, 0.9, 0.99, 0.999, 1} {
		truth := all[max(0, int(q*float64(len(all)))-1)]
		if got := h.quantile(q); got < truth || float64(got) > float64(truth)*1.016+float64(time.Microsecond) {
			t.Errorf("quantile %g: %s, in truth %s", q, got, truth)
		}
	}
	if h.max != all[len(all)-1] || h.count != 100_000 {
		t.Errorf("max %s, count %d", h.max, h.count)
	}
	var far histogram
	far.add(1000 * time.Hour)
	far.add(-time.Second)
	if far.quantile(1) <= 0 || far.quantile(0.1) != 0 || (&histogram{}).quantile(0.5) != 0 {
		t.Error("at the ends")
	}
}

// TestReference holds that the number of a message can be read back from its reference, and only from those of the run.
func TestReference(t *testing.T) {
	t.Parallel()
	o := Options{Kind: SMPP, Address: "x", Count: 1}
	if err := o.defaults(); err != nil {
		t.Fatal(err)
	}
	text := []byte(o.text("run01"))
	if len(text) != 100 || text[referenceLen] != ' ' {
		t.Fatalf("text %q", text)
	}
	putNumber(text[runLen+1:referenceLen], 4_294_967_295)
	if n, ok := numberOf(text, "run01"); !ok || n != 4_294_967_295 {
		t.Errorf("number %d, %t", n, ok)
	}
	if _, ok := numberOf(text, "run02"); ok {
		t.Error("a reference of another run is read")
	}
}

// TestRecipients holds that the numbers take turns, and that those with a fate in the simulator are left out.
func TestRecipients(t *testing.T) {
	t.Parallel()
	o := Options{Recipients: 250_000}
	seen := map[string]bool{}
	for i := range uint32(500_000) {
		n := make([]byte, 11)
		o.recipient(n, 46701000000, i)
		if strings.HasPrefix(string(n[6:]), "99") {
			t.Fatalf("%s has a fate", n)
		}
		seen[string(n)] = true
	}
	if len(seen) != o.Recipients {
		t.Errorf("%d numbers, want %d", len(seen), o.Recipients)
	}
	n := make([]byte, 11)
	if (&Options{Recipients: 1}).recipient(n, 46701299605, 7); string(n) != "46701299605" {
		t.Errorf("the one recipient becomes %s", n)
	}
}

// TestOptions holds that what cannot be is refused in words.
func TestOptions(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]Options{
		"kind":        {Kind: "fax", Address: "x", Count: 1},
		"address":     {Kind: SMPP, Count: 1},
		"http://":     {Kind: REST, Address: "https://x", Count: 1},
		"count":       {Kind: SMPP, Address: "x"},
		"length":      {Kind: SMPP, Address: "x", Count: 1, Length: 161},
		"per request": {Kind: SMPP, Address: "x", Count: 1, PerRequest: 2},
		"streams":     {Kind: Kannel, Address: "http://x", Count: 1, Stream: true},
		"window":      {Kind: REST, Address: "http://x", Count: 1, Stream: true, Window: 10},
		"digits":      {Kind: SMPP, Address: "x", Count: 1, To: "mum"},
	} {
		if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want something about %s", o, err, want)
		}
	}
}
