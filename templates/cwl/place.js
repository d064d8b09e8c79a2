${
  var files = [], top = [], folders = {};
  function gather(value) {
    if (Array.isArray(value)) { value.forEach(gather); } else { files.push(value); }
  }
  function base(path) { return path.slice(path.lastIndexOf("/") + 1); }
  function listing(path) {
    var folder = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    if (folder === "") { return top; }
    if (!folders["/" + folder]) {
      folders["/" + folder] = [];
      listing(folder).push({
        "class": "Directory", "basename": base(folder), "listing": folders["/" + folder]
      });
    }
    return folders["/" + folder];
  }
  gather(inputs.files);
  files.forEach(function (file, number) {
    var path = inputs.paths[number];
    var placed = {"class": file["class"], "location": file.location, "basename": base(path)};
    ["checksum", "size"].forEach(function (known) {
      if (known in file) { placed[known] = file[known]; }
    });
    listing(path).push(placed);
  });
  return {"tree": top};
}
