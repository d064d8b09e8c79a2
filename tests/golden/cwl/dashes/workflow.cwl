# Pipeline dashes
# Compiled by sncompile 0.1.0 from spec.yaml
# (sha256:4af007ebcf3d50a7c0b6246df12d08dbbeb2a1a9e051978fef7da92f60514175).
# Do not edit: change the spec and compile again.
# Run it with any CWL engine; results get their paths below the folder of `--outdir`:
#     cwltool --outdir out workflow.cwl job.json
#
# What the pipeline is for:
#     two.o: ./-ws/two/o
#     three.o: several files
#     all_of.o: ./-ws/all_of/o

cwlVersion: v1.2
$graph:

- id: main
  class: Workflow
  label: dashes
  requirements:
  - {class: ScatterFeatureRequirement}
  - {class: MultipleInputFeatureRequirement}
  inputs:
    one_job: string[]
    one_i_path: string[]
    one_o_path: string[]
    one_i: File[]
    two_i: File
    three_job: string[]
    three_i_path: string[]
    three_o_path: string[]
    all_of_i_path: string[]
    all_of_i: File[]
    paths: string[]
  steps:
    one:
      run: "#one"
      scatter: [job, i_path, o_path, i]
      scatterMethod: dotproduct
      in:
        job: one_job
        i_path: one_i_path
        o_path: one_o_path
        i: one_i
      out: [o]
    two:
      run: "#two"
      in:
        i: two_i
      out: [o]
    three:
      run: "#three"
      scatter: [job, i_path, o_path, i]
      scatterMethod: dotproduct
      in:
        job: three_job
        i_path: three_i_path
        o_path: three_o_path
        i: one/o
      out: [o]
    all_of:
      run: "#all_of"
      in:
        i_path: all_of_i_path
        i: all_of_i
      out: [o]
    placed:
      run: "#place"
      in:
        files: {source: [one/o, two/o, three/o, all_of/o], linkMerge: merge_flattened}
        paths: paths
      out: [tree]
  outputs:
    files: {type: {type: array, items: [File, Directory]}, outputSource: placed/tree}

# one
# one job per k
- id: one
  class: CommandLineTool
  label: one
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File
    i_path: string
    o_path: string
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", $(inputs.i_path), $(inputs.i),
    out, o, $(inputs.o_path),
    "--",
    cp, $(inputs.i_path), $(inputs.o_path),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}

# two
# one job
- id: two
  class: CommandLineTool
  label: two
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job:
      type: string
      default: two
    i: File
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", "./-a.txt", $(inputs.i),
    out, o, "./-ws/two/o",
    "--",
    cp, "./-a.txt", "./-ws/two/o",
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}

# three
# one job per k
- id: three
  class: CommandLineTool
  label: three
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job: string
    i: File
    i_path: string
    o_path: string
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, "1", $(inputs.i_path), $(inputs.i),
    out, o.x, $(inputs.o_path),
    "--",
    cp, $(inputs.i_path), $(inputs.o_path),
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o.x}}

# all_of
# one job
- id: all_of
  class: CommandLineTool
  label: all_of
  inputs:
    job_sh: {type: File, default: {class: File, location: job.sh}}
    job:
      type: string
      default: all_of
    i: File[]
    i_path: string[]
  baseCommand: bash
  arguments: [
    $(inputs.job_sh), $(inputs.job), gathered,
    in, $(inputs.i_path.length), $(inputs.i_path), $(inputs.i),
    out, o, "./-ws/all_of/o",
    "--",
    cat, $(inputs.i_path), "./-ws/all_of/o",
  ]
  outputs:
    o: {type: File, outputBinding: {glob: gathered/o}}

# Gives every file its path: folders are made from what lies between the slashes.
- id: place
  class: ExpressionTool
  requirements:
  - {class: InlineJavascriptRequirement}
  inputs:
    files: {type: {type: array, items: [File, Directory, {type: array, items: [File, Directory]}]}}
    paths: string[]
  expression: |
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
  outputs:
    tree: {type: {type: array, items: [File, Directory]}}
