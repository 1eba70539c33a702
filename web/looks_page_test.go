package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"kurir/account"
	"kurir/resource"
)

// upload sends a form with a picture.
func (b *tab) upload(path, field string, file []byte, form ...string) int {
	b.t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for i := 0; i+1 < len(form); i += 2 {
		_ = w.WriteField(form[i], form[i+1])
	}
	part, err := w.CreateFormFile(field, `"><script>alert(1)</script>.png`)
	if err != nil {
		b.t.Fatal(err)
	}
	_, _ = part.Write(file)
	_ = w.Close()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.URL+path, &out)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Who manages the account says how its pages look; a host is given by who changes the settings of the server.
func TestLooksPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "mia": "manager", "root": "system"})
	var got resource.Change
	s.web.Change = func(_ context.Context, c resource.Change) (resource.Row, error) {
		if got = c; c.Value["web"].(map[string]any)["color"] == "red" {
			return resource.Row{}, resource.Refuse(resource.Invalid, "web.color", "%q is no colour such as #0b6b5d", "<red>")
		}
		return resource.Row{}, nil
	}
	if a := s.as("anna").do("/console/looks"); a.status != http.StatusForbidden {
		t.Errorf("a sender: %d", a.status)
	}
	mia := s.as("mia")
	a := mia.do("/console/looks")
	if a.wants(t, http.StatusOK, `enctype="multipart/form-data"`, `value="rota" checked`); strings.Contains(a.body, `id="host"`) {
		t.Error("a manager is offered a host")
	}
	a = mia.do("/console/looks", "name", "Acme", "color", "#0b6b5d", "host", "evil.example", "functions", "compose", "functions", "sent")
	web, _ := got.Value["web"].(map[string]any)
	if _, host := web["host"]; a.to != "/console/looks?kept" || host || web["name"] != "Acme" || web["band"] != nil || got.Name != "acme" || got.By != "acme/mia" || len(web["functions"].([]string)) != 2 {
		t.Errorf("%d: %+v", a.status, got)
	}
	a = mia.do("/console/looks", "color", "red")
	a.wants(t, http.StatusUnprocessableEntity, "&lt;red&gt;", `role="alert"`)
	picture, _ := base64.StdEncoding.DecodeString(logoOf(t))
	if status := mia.upload("/console/looks", "logo", picture, "name", "Acme"); status != http.StatusSeeOther {
		t.Errorf("a logo: %d", status)
	}
	logo, _ := got.Value["web"].(map[string]any)["logo"].(string)
	if _, media, err := account.ReadLogo(logo); err != nil || media != "image/png" {
		t.Errorf("the logo is %s, %v", media, err)
	}
	got = resource.Change{}
	for name, file := range map[string][]byte{"an SVG": []byte("<svg onload=alert(1)>"), "too large": make([]byte, account.MaxPicture+1)} {
		if status := mia.upload("/console/looks", "logo", file); status != http.StatusUnprocessableEntity || got.Value != nil {
			t.Errorf("%s: %d", name, status)
		}
	}
	a = s.as("root").do("/console/looks", "host", "SMS.acme.example", "open", "1")
	if web = got.Value["web"].(map[string]any); web["host"] != "sms.acme.example" || web["open"] != true {
		t.Errorf("%d: %+v", a.status, got)
	}
}
