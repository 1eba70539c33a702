package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gateway"
	"kurir/message"
	"kurir/smpp"
)

// Who follows a trace is answered for longer than a request may take to come, and an answer to be written.
func TestFollowLasts(t *testing.T) {
	t.Parallel()
	taps := fakeTaps{}
	var traces *Traces
	inPipe(t, func(o *HTTPOptions) {
		traces = NewTraces(slog.New(slog.DiscardHandler), taps.set, taps.set, allGSM, noSecrets)
		o.Traces = traces
		if _, err := traces.start(traceKey{traceAccounts, "acme"}, traceSettings{pdus: 10, long: time.Hour, by: "acme"}); err != nil {
			t.Fatal(err)
		}
	}, "GET /v1/traces/accounts/acme?follow=true HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer acme-key\r\n\r\n", func(t *testing.T, c *streamClient) {
		defer traces.Close()
		resp, err := http.ReadResponse(c.in, nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		if traces.Followers() != 1 {
			t.Errorf("%d followers", traces.Followers())
		}
		go func() {
			time.Sleep(2 * max(readTimeout, writeTimeout))
			taps["acme"](message.SMPP, 1, false, frameOf(t, 1, &smpp.EnquireLink{}))
		}()
		var pdu struct{ PDU string }
		if err := json.NewDecoder(resp.Body).Decode(&pdu); err != nil || pdu.PDU != "enquire_link sequence=1" {
			t.Errorf("%q %v", pdu.PDU, err)
		}
	})
}

// A list is exported for longer than a request may take to come, and an answer to be written.
func TestExportLasts(t *testing.T) {
	t.Parallel()
	const helpings = 20
	n := 0
	inPipe(t, func(o *HTTPOptions) {
		o.Messages = func(context.Context, gateway.Filter) ([]*message.Message, message.ID, error) {
			time.Sleep(max(readTimeout, writeTimeout) / 10)
			if n++; n == helpings {
				return []*message.Message{{ID: 1}}, 0, nil
			}
			return []*message.Message{{ID: 1}}, 1, nil
		}
	}, "GET /v1/messages?format=ndjson HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer acme-key\r\n\r\n", func(t *testing.T, c *streamClient) {
		resp, err := http.ReadResponse(c.in, nil)
		if err != nil {
			t.Fatal(err)
		}
		lines := json.NewDecoder(resp.Body)
		got := 0
		for ; lines.More(); got++ {
			var row map[string]any
			if err := lines.Decode(&row); err != nil {
				t.Fatalf("after %d lines: %v", got, err)
			}
		}
		if got != helpings {
			t.Errorf("%d lines of %d", got, helpings)
		}
		synctest.Wait()
	})
}
