package config

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"kurir/gateway"
	"kurir/route"
)

// decisions is the part of a file that decides what becomes of messages.
type decisions struct {
	Country    string                `yaml:"country"`
	Connectors []Connector           `yaml:"connectors"`
	Routes     []route.Rule          `yaml:"routes"`
	Inbound    []gateway.InboundRule `yaml:"inbound"`
}

// Decisions gives, as YAML, what in the file decides what becomes of messages: links, routes and inbound rules, with stars
// for every secret. The database keeps it for each configuration that was in force, so that a trace can say
// later why a message went where it went.
func (f *File) Decisions() ([]byte, error) {
	text, err := yaml.Dump(decisions{f.Country, f.Connectors, f.Routes, f.Inbound})
	if err != nil {
		return nil, fmt.Errorf("write down the configuration: %w", err)
	}
	return text, nil
}
