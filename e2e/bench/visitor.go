package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// visitorPassword is that of all people who sign in.
const visitorPassword = "a password of ten"

// visitor is somebody with a browser who is signed in.
type visitor struct {
	client *http.Client
	base   string
}

// people are lines of a gateway's file with n users of a role and an account, whose names are that of the role and a number.
func people(n int, role, account string) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "  - {name: %s-%d, account: %s, role: %s, password: %q}\n", role, i, account, role, visitorPassword)
	}
	return text.String()
}

// signIn begins a session as a user.
func (r *rig) signIn(ctx context.Context, name string) (*visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	v := &visitor{base: "http://" + r.http, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	form := url.Values{"name": {name}, "password": {visitorPassword}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base+"/signin", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := v.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("sign in as %s: the gateway answered %s", name, resp.Status)
	}
	return v, nil
}

// open asks for a page, or with a media type for what is streamed; what is not 200 is an error.
func (v *visitor) open(ctx context.Context, path, accept string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	resp, err := v.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%s: the gateway answered %s", path, resp.Status), resp.Body.Close())
	}
	return resp.Body, nil
}

// read asks for a page and returns it.
func (v *visitor) read(ctx context.Context, path string) (string, error) {
	body, err := v.open(ctx, path, "text/html")
	if err != nil {
		return "", err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return string(text), err
}
