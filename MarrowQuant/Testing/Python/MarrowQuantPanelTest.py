"""The panel's life cycle in Slicer, without a main window: entering, closing the scene, leaving, and what it says while nothing is read."""

import unittest

import slicer


class MarrowQuantPanelTest(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear()
        self.widget = slicer.util.getModuleWidget("MarrowQuant")

    def tearDown(self):
        self.widget.exit()
        slicer.mrmlScene.Clear()

    def test_an_empty_scene_asks_for_the_baseline_folder(self):
        self.widget.enter()
        self.assertIn("baseline", self.widget.ui.examsMessage.text)
        self.assertFalse(self.widget.ui.readButton.enabled)
        self.assertFalse(self.widget.ui.exportButton.enabled)

    def test_a_folder_without_images_is_refused_in_the_footer_and_the_panel_stays_usable(self):
        self.widget.enter()
        self.widget.logic.getParameterNode().baselineFolder = slicer.util.tempDirectory()
        self.widget.panel.exams.onRead()
        self.assertTrue(self.widget.ui.statusLabel.text)
        self.assertTrue(self.widget.ui.stepsWidget.enabled)
        self.assertEqual(self.widget.logic.case.exams, {})

    def test_thresholds_reach_the_parameter_node(self):
        self.widget.enter()
        self.widget.ui.ratioSlider.value = 6.5
        self.widget.ui.adcRangeWidget.setValues(600, 1300)
        parameters = self.widget.logic.getParameterNode()
        self.assertAlmostEqual(parameters.tdvSignalRatio, 6.5)
        self.assertAlmostEqual(parameters.tdvAdcLower, 600)
        self.assertAlmostEqual(parameters.tdvAdcUpper, 1300)

    def test_the_scene_can_be_closed_and_the_module_entered_again(self):
        self.widget.enter()
        slicer.mrmlScene.Clear()
        self.widget.exit()
        self.widget.enter()
        self.assertIs(self.widget.panel.parameterNode, self.widget.logic.getParameterNode())


if __name__ == "__main__":
    unittest.main()
