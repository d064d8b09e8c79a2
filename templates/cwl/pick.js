${
  var files = [];
  function gather(value) {
    if (Array.isArray(value)) { value.forEach(gather); } else { files.push(value); }
  }
  function pick(at) {
    return Array.isArray(at) ? at.map(pick) : at === null ? null : files[at];
  }
  gather(inputs.files);
  return {"picked": pick(inputs.at)};
}
