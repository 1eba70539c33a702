package account

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"strings"
	"testing"
)

// pictureOf is a picture of that size, in base64.
func pictureOf(t *testing.T, width, height int) string {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewRGBA(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// What an account says of its pages is checked, the logo by decoding it.
func TestWebValidate(t *testing.T) {
	t.Parallel()
	broken := pictureOf(t, 40, 40)
	good, _ := base64.StdEncoding.DecodeString(broken)
	svg := base64.StdEncoding.EncodeToString([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`))
	for _, test := range []struct {
		web  Web
		want string // the field; empty for nothing wrong
	}{
		{Web{Name: "Acme SMS", Color: "#0b6b5d", Band: "#12304A", Host: "sms.acme.example", Language: "sv", Functions: []string{"compose", "rota"}}, ""},
		{Web{Logo: pictureOf(t, 200, 60)}, ""},
		{Web{Name: strings.Repeat("å", 41)}, "name"},
		{Web{Name: "a\nb"}, "name"},
		{Web{Logo: "no base64!"}, "logo"},
		{Web{Logo: svg}, "logo"},
		{Web{Logo: base64.StdEncoding.EncodeToString(good[:len(good)-30])}, "logo"},
		{Web{Logo: pictureOf(t, 1025, 2)}, "logo"},
		{Web{Logo: strings.Repeat("A", 3*MaxLogo)}, "logo"},
		{Web{Color: "red"}, "color"},
		{Web{Band: "#12345"}, "band"},
		{Web{Band: "#+12345"}, "band"},
		{Web{Host: "SMS.example"}, "host"},
		{Web{Host: "sms.example:8080"}, "host"},
		{Web{Host: "sms..example"}, "host"},
		{Web{Open: true}, "open"},
		{Web{Language: "de"}, "language"},
		{Web{Functions: []string{"compose", "games"}}, "functions[1]"},
	} {
		var got []string
		test.web.validate(func(field, _ string) { got = append(got, field) })
		if strings.Join(got, " ") != test.want {
			t.Errorf("%+v: wrong is %q, want %q", test.web, got, test.want)
		}
	}
}

// An account looks as those above say, but for what it says itself; what those above leave out it cannot have.
func TestLooks(t *testing.T) {
	t.Parallel()
	d := NewDirectory([]Account{
		{Name: "region", Web: Web{Name: "Region", Color: "#112233", Host: "sms.region.example", Language: "sv", Functions: []string{"compose", "sent", "rota"}}},
		{Name: "clinic", Parent: "region", Web: Web{Name: "Clinic", Functions: []string{"compose", "reports"}}},
		{Name: "ward", Parent: "clinic"},
		{Name: "other"},
	}, nil)
	l := d.ByName("ward").Looks()
	if l.Name != "Clinic" || l.Color != "#112233" || l.Language != "sv" {
		t.Errorf("the ward looks like %+v", l)
	}
	for function, want := range map[string]bool{"": true, "compose": true, "sent": false, "reports": false, "rota": false, "contacts": false} {
		if l.Sees(function) != want {
			t.Errorf("the ward sees %q: %v", function, !want)
		}
	}
	if o := d.ByName("other").Looks(); o.Name != "" || !o.Sees("reports") || (&Account{}).Looks().Name != "" {
		t.Errorf("another looks like %+v", o)
	}
	if a := d.ByHost("SMS.region.example"); a == nil || a.Name != "region" || d.ByHost("") != nil {
		t.Errorf("the host is of %v", a)
	}
	if !d.Within("ward", "region") || !d.Within("region", "region") || d.Within("other", "region") || d.Within("region", "ward") {
		t.Error("who is below whom")
	}
}
