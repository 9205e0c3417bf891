package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/vtsim/vtsim/conformance/contract"
)

var (
	wholeNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	anyNumber   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// convert reads a value as the contract types the member: the first of its
// types that the text can be. A text that is none of them stays a text, so
// that wrong calls can be made; objects and arrays are given as JSON.
func convert(field *contract.Field, text string) (any, error) {
	for _, kind := range field.Types {
		switch kind {
		case "string":
			return text, nil
		case "integer":
			if wholeNumber.MatchString(text) {
				return json.Number(text), nil
			}
		case "number":
			if anyNumber.MatchString(text) {
				return json.Number(text), nil
			}
		case "boolean":
			if text == "true" || text == "false" {
				return text == "true", nil
			}
		case "object", "array":
			return convertJSON(field, kind, text)
		}
	}
	return text, nil
}

// convertJSON reads a structure. An array of plain values may be given as its
// only element.
func convertJSON(field *contract.Field, kind, text string) (any, error) {
	value, err := contract.Decode([]byte(text))
	_, object := value.(map[string]any)
	_, array := value.([]any)
	switch {
	case err == nil && (kind == "object" && object || kind == "array" && array):
		return value, nil
	case kind == "array" && field.Items != nil && len(field.Items.Fields) == 0:
		only, err := convert(field.Items, text)
		return []any{only}, err
	case kind == "array":
		return nil, errors.New("is an array: give it as JSON, or its elements' members with an index, such as " + field.Name + ".0." + firstMember(field.Items))
	}
	return nil, errors.New("is an object: give it as JSON, or its members by name, such as " + field.Name + "." + firstMember(field))
}

func firstMember(field *contract.Field) string {
	if field == nil || len(field.Fields) == 0 {
		return "NAME"
	}
	return field.Fields[0].Name
}

// put stores the value under the steps, making objects and arrays on its way.
func put(at any, steps []string, value any) (any, error) {
	if len(steps) == 0 {
		return value, nil
	}
	if !isIndex(steps[0]) {
		members, ok := at.(map[string]any)
		if at != nil && !ok {
			return nil, fmt.Errorf("%s does not fit into what is there already", steps[0])
		}
		if members == nil {
			members = map[string]any{}
		}
		inner, err := put(members[steps[0]], steps[1:], value)
		members[steps[0]] = inner
		return members, err
	}
	list, ok := at.([]any)
	if at != nil && !ok {
		return nil, fmt.Errorf("element %s does not fit into what is there already", steps[0])
	}
	index, err := strconv.Atoi(steps[0])
	if err != nil || index > len(list) {
		return nil, fmt.Errorf("element %s comes before element %d; give the elements in order", steps[0], len(list))
	}
	if index == len(list) {
		list = append(list, nil)
	}
	list[index], err = put(list[index], steps[1:], value)
	return list, err
}
