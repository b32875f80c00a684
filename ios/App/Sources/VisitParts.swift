import HomeroundKit
import SwiftUI
import UIKit
import UniformTypeIdentifiers

/// The visit's tasks, each done or left out with a reason.
struct Tasks: View {
    let model: VisitModel

    var body: some View {
        Block(told("visit_tasks")) {
            ForEach(model.state.tasks) { task in
                Line(task.title, said(task))
                if model.state.editable {
                    if !task.done { MainButton("visit_done") { model.finish(task.id) } }
                    Reasons(title: told("visit_not_done")) { model.leaveOut(task.id, $0, comment: $1) }
                }
            }
        }
    }

    private func said(_ task: TaskRow) -> String {
        [task.state.text, task.required ? told("visit_required") : nil, task.comment].compactMap { $0 }.joined(separator: " · ")
    }
}

/// What care plans ask for at the visit, each done, left out with a reason, or taken off.
struct PlannedTasks: View {
    let model: VisitModel

    var body: some View {
        Block(told("visit_planned")) {
            ForEach(model.state.planned) { task in
                Line(task.title, [task.state.text, task.comment].compactMap { $0 }.joined(separator: " · "))
                if !task.hint.isEmpty { Text(task.hint).foregroundStyle(.secondary) }
                if let assignee = task.assignee {
                    Text(Words("planned_assignee", shown([assignee])).text).foregroundStyle(.secondary)
                }
                if model.state.editable {
                    if !task.done { MainButton("visit_done") { model.finishPlanned(task.id) } }
                    Reasons(title: told("visit_not_done")) { model.leaveOutPlanned(task.id, $0, comment: $1) }
                    AlsoButton(told("planned_remove")) { model.removePlanned(task.id) }
                }
            }
        }
    }
}

/// Entering vital signs, and what was found so far.
struct VitalSigns: View {
    let model: VisitModel

    var body: some View {
        Block(told("visit_vitals")) {
            if model.state.editable {
                ForEach(VitalField.allCases, id: \.self) { Figure(model: model, field: $0) }
                Teller(model: model)
                How(model: model)
                Awake(model: model)
                Scale(model: model)
                if let checking = model.state.checking {
                    LookAgain(model: model, check: checking)
                } else {
                    MainButton("visit_record", enabled: !model.state.vitals.empty) { model.recordVitals() }
                }
            }
            ForEach(model.state.findings) { finding in
                let wrong = finding.wrong.map { Words("visit_wrong", $0).text }
                Line(
                    "\(finding.at) · \(finding.by)",
                    [finding.reported?.text, wrong].compactMap { $0 }.joined(separator: " · "))
                ForEach(finding.lines, id: \.self) { line in
                    Text([line.name?.text, line.text].compactMap { $0 }.joined(separator: " "))
                        .strikethrough(finding.wrong != nil)
                }
                if finding.wrong == nil { Says(finding: finding) }
            }
        }
    }
}

/// One figure, its unit, and what is wrong with it.
private struct Figure: View {
    let model: VisitModel
    let field: VitalField

    var body: some View {
        let name = told("vital_\(field.rawValue)")
        let unit = model.state.vitals.unit(field)
        VStack(alignment: .leading, spacing: 2) {
            Text("\(name) (\(unit))").font(.subheadline).accessibilityHidden(true)
            TypedField(unit, model.state.vitals.typed[field] ?? "") { model.typeVital(field, $0) }
                .keyboardType(.decimalPad)
                .accessibilityLabel("\(name) (\(unit))")
            if let problem = model.state.problem, problem.field == field.rawValue {
                Label(problem.words.text, systemImage: Glyph.warning.symbol).foregroundStyle(.red)
            }
        }
    }
}

/// The list of the chart, each given or not.
struct Medications: View {
    let model: VisitModel

    var body: some View {
        Block(told("visit_medications")) {
            ForEach(model.state.medications) { row in
                Line(row.title, [row.dose, row.done?.text ?? ""].filter { !$0.isEmpty }.joined(separator: " · "))
                if model.state.editable {
                    if row.done == nil { MainButton("visit_given") { model.give(row) } }
                    AlsoButton(told("dose_other")) { model.beginDose(row) }
                    if let form = model.state.dosing, form.row.id == row.id { OtherDose(model: model, form: form) }
                    Reasons(title: told("visit_not_given")) { model.withhold(row, $0, comment: $1) }
                }
                if let warned = model.state.warned, warned.row.id == row.id { Think(model: model, warned: warned) }
            }
            if model.state.editable { Compare(model: model) }
        }
    }
}

/// Photos and files of the visit, and taking another.
struct Photos: View {
    let model: VisitModel
    @State private var caption = ""
    @State private var taking = false
    @State private var choosing = false

    var body: some View {
        Block(told("visit_photos")) {
            if model.state.editable {
                // The caption is typed before the picture is taken: on return it is saved at once.
                TextField(told("photo_caption"), text: $caption).textFieldStyle(.roundedBorder)
                if CameraView.available { MainButton("photo_take") { taking = true } }
                AlsoButton(told("photo_add_file")) { choosing = true }
            }
            if model.state.photos.isEmpty { Text(told("visit_no_photos")).foregroundStyle(.secondary) }
            ForEach(model.state.photos) { photo in
                Divider()
                one(photo)
            }
        }
        .fullScreenCover(isPresented: $taking) {
            CameraView { shot in
                taking = false
                if let shot {
                    model.attach(shot, caption: caption)
                    caption = ""
                }
            }
        }
        .fileImporter(isPresented: $choosing, allowedContentTypes: [.image, .audio, .mpeg4Movie, .pdf]) { chosen in
            guard let file = try? chosen.get() else { return }
            let lent = file.startAccessingSecurityScopedResource()
            defer { if lent { file.stopAccessingSecurityScopedResource() } }
            model.attachFile(at: file, caption: caption)
            caption = ""
        }
    }

    @ViewBuilder
    private func one(_ photo: PhotoRow) -> some View {
        let name = photo.caption.isEmpty ? told("photo_nameless") : photo.caption
        if let thumbnail = photo.thumbnail { Picture(bytes: thumbnail, name: name).frame(maxHeight: 96) }
        Line(name, photo.by)
        ChipLabel(chip: photo.state)
        if let opened = model.state.opened, opened.photo == photo.id {
            if let bytes = opened.bytes {
                if photo.audio {
                    Recording(bytes: bytes) { model.closePhoto() }
                } else {
                    Picture(bytes: bytes, name: name)
                }
            } else {
                Text(told("photo_fetching"))
            }
            AlsoButton(told(photo.audio ? "recording_stop" : "photo_close")) { model.closePhoto() }
        } else if photo.image || photo.audio {
            AlsoButton(told(photo.audio ? "recording_play" : "photo_open")) { model.open(photo) }
        }
    }
}

private struct Picture: View {
    let bytes: Data
    let name: String

    var body: some View {
        if let image = UIImage(data: bytes) {
            Image(uiImage: image).resizable().scaledToFit().accessibilityLabel(name)
        } else {
            Text(told("photo_not_shown")).foregroundStyle(.secondary)
        }
    }
}
